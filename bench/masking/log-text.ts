import { seededRandom } from "../../greenlight/src/statistics/random.ts";

const WORDS =
  "starting build module compiled in warning deprecated option use instead test passed suite request handled cache hit miss restored writing output file reading train epoch loss validation rating film release deploy health check slot route switched connection closed retry attempt after error expected received undefined at Object resolve promise async worker thread memory heap garbage collected 영화 평점 학습 완료 배포 준비 테스트 통과 ✓ ✗ … → –".split(
    " ",
  );

/**
 * A log as builds and services write it, the same for the same seed: prose, stack traces, JSON lines, digests,
 * URLs, base64 and rulers, and each secret once in about `secretEvery` lines, in turn raw, in JSON, a URL, base64 and hexadecimal.
 */
export function logText(options: {
  readonly seed: number;
  readonly bytes: number;
  readonly secrets: readonly string[];
  readonly secretEvery: number;
}): Buffer {
  const random = seededRandom(options.seed);
  const below = (count: number): number => Math.floor((random.next() / 2 ** 32) * count);
  const word = (): string => WORDS[below(WORDS.length)] ?? "";
  const words = (count: number): string => Array.from({ length: count }, word).join(" ");
  const bytesOf = (count: number): Buffer => Buffer.from(Array.from({ length: count }, () => below(256)));
  const kinds: readonly (() => string)[] = [
    () => words(4 + below(12)),
    () => words(4 + below(12)),
    () => `    at ${word()}.${word()} (file:///app/src/${word()}/${word()}.ts:${below(400)}:${below(80)})`,
    () =>
      JSON.stringify({
        level: 30,
        time: 1_790_000_000_000 + below(1e9),
        msg: words(6),
        ms: below(1e5) / 100,
        id: below(1e9),
      }),
    () => `sha256:${bytesOf(32).toString("hex")} ${word()}/${word()}.js`,
    () =>
      `GET https://registry.example.com/${word()}/-/${word()}-${below(30)}.${below(30)}.0.tgz?x=%20${below(99)} 200`,
    () => `  "integrity": "sha512-${bytesOf(48).toString("base64")}",`,
    () => "─".repeat(20) + "-".repeat(40),
    () => `[${"#".repeat(below(30)).padEnd(30)}] ${below(100)} % | ${below(1e6)} / 1000000 | ETA ${below(60)}s`,
  ];
  const encodings: readonly ((secret: string) => string)[] = [
    (secret) => secret,
    (secret) => JSON.stringify({ token: secret }),
    (secret) => `https://example.com/?key=${encodeURIComponent(secret)}`,
    (secret) => `Authorization: Basic ${Buffer.from(`user:${secret}`).toString("base64")}`,
    (secret) => Buffer.from(secret).toString("hex"),
  ];
  const lines: string[] = [];
  let length = 0;
  for (let count = 1; length < options.bytes; count += 1) {
    const kind = kinds[below(kinds.length)] ?? word;
    const secret = options.secrets[Math.floor(count / options.secretEvery) % options.secrets.length] ?? "";
    const encode = encodings[below(encodings.length)] ?? String;
    const text = count % options.secretEvery === 0 ? `${words(2)} ${encode(secret)}` : kind();
    const line = `2026-11-22T05:${String(count % 60).padStart(2, "0")}:00.${below(1000)}Z ${text}\n`;
    lines.push(line);
    length += Buffer.byteLength(line);
  }
  return Buffer.from(lines.join(""));
}

/** Secrets as people have them: tokens, passwords with signs, keys, URLs with a password; the same for the same seed. */
export function someSecrets(count: number, seed: number): string[] {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor((random.next() / 2 ** 32) * limit);
  const pick = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[below(alphabet.length)]).join("");
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const kinds: readonly (() => string)[] = [
    () => `ghp_${pick(letters, 36)}`,
    () => pick(`${letters}!"#$%&'()*+,-./:;<=>?@[]^_{|}~`, 20),
    () => pick(`${letters}+/`, 40),
    () => `postgres://films:${pick(letters, 16)}@db.example.com:5432/films`,
    () => pick("0123456789abcdef", 64),
    () => `AKIA${pick("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)}`,
  ];
  return Array.from({ length: count }, (_none, index) => (kinds[index % kinds.length] ?? String)());
}
