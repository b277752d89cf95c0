import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { problem, type Problem } from "../../base/problem.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { MAX_REPORT, MAX_STREAMED, STREAMED_FROM } from "../../evidence/bounds.ts";
import type { Evidence, FindingsEvidence } from "../../evidence/evidence.ts";
import type { EvidenceSource } from "../../pipeline/definition.ts";
import type { StepCall } from "../active-run.ts";
import { dropStrangers, isFile } from "./drop-strangers.ts";
import { FindingListWriter, findingListPath } from "./finding-list.ts";
import { findingStandard } from "./finding-standard.ts";
import { SourceLines } from "./source-lines.ts";
import { withLogs } from "./test-logs.ts";

export interface StepEvidence {
  readonly evidence: readonly Evidence[];
  readonly problems: readonly Problem[];
  /** A report that the step declares is not there. */
  readonly isMissing: boolean;
}

/**
 * Reads every evidence file that the step declares and that exists, and judges its findings by the project's policy and
 * baseline of now, whether the step ran or its result was kept. Unreadable ones are problems.
 */
export async function readStepEvidence(call: Pick<StepCall, "step" | "run">): Promise<StepEvidence> {
  const evidence: Evidence[] = [];
  const problems: Problem[] = [];
  let isMissing = false;
  for (const source of call.step.evidence) {
    const path = join(call.run.context.projectFolder, source.path);
    const stats = await stat(path).catch(() => null);
    if (stats === null) {
      isMissing = true;
      continue;
    }
    // Reading a pipe would wait for ever.
    const read = stats.isFile()
      ? await readSource(call, source, { path, size: stats.size })
      : err(unreadable(source, "it is no regular file"));
    const { projectFolder } = call.run.context;
    if (read.ok) evidence.push(...withLogs(dropStrangers(read.value, projectFolder), source.logs ?? [], projectFolder));
    else if (!problems.some((each) => each.code === read.error.code && each.place === read.error.place))
      problems.push(read.error);
  }
  return { evidence, problems, isMissing };
}

async function readSource(
  call: Pick<StepCall, "step" | "run">,
  source: EvidenceSource,
  file: { readonly path: string; readonly size: number },
): Promise<Result<Evidence[], Problem>> {
  // The readers bring parsers and schemas along; most steps need none of them.
  const { isStreamed, readWhole, streamEvidence } = await import("../../evidence/read-evidence.ts");
  const { projectFolder } = call.run.context;
  const { format, tool, path, folder, floorPercent } = source;
  const options = {
    projectFolder,
    path,
    isFile,
    ...(folder === undefined ? {} : { folder }),
    ...(floorPercent === undefined ? {} : { floorPercent }),
  };
  if (file.size > STREAMED_FROM && isStreamed(format)) {
    if (file.size > MAX_STREAMED) return err(unreadable(source, `${file.size} bytes are too many`));
    const gathering = await beginGathering(call, source);
    if (!gathering.ok) return gathering;
    const { gatherer, list } = gathering.value;
    await keepHeapSmall();
    const chunks = (): AsyncIterable<Buffer> => createReadStream(file.path, { highWaterMark: 32 * 1024 });
    const read = await streamEvidence(format, tool, chunks, {
      ...options,
      onFinding: (finding) => gatherer.add(finding),
    });
    if (!read.ok) list.discard();
    if (!read.ok) return read;
    list.finish();
    return ok(read.value.map((each) => (each.kind === "findings" ? gatherer.finish(each) : each)));
  }
  if (file.size > MAX_REPORT) return err(unreadable(source, `${file.size} bytes are too many`));
  const read = readWhole(format, tool, decodeReport(await readFile(file.path)), options);
  if (!read.ok) return read;
  const evidence: Evidence[] = [];
  for (const each of read.value) {
    const judged = each.kind === "findings" ? await judgeWhole(call, source, each) : ok(each);
    if (!judged.ok) return judged;
    evidence.push(judged.value);
  }
  return ok(evidence);
}

/**
 * The pieces of a large report are garbage at once. A heap that grows by itself holds a hundred megabytes of them; that it grows
 * slowly for the rest of this process costs little.
 */
async function keepHeapSmall(): Promise<void> {
  const { setFlagsFromString } = await import("node:v8");
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=20");
}

async function judgeWhole(
  call: Pick<StepCall, "step" | "run">,
  source: EvidenceSource,
  evidence: FindingsEvidence,
): Promise<Result<FindingsEvidence, Problem>> {
  const gathering = await beginGathering(call, source);
  if (!gathering.ok) return gathering;
  const { gatherer, list } = gathering.value;
  for (const finding of evidence.findings) gatherer.add(finding);
  list.finish();
  return ok(gatherer.finish(evidence));
}

async function beginGathering({ step, run }: Pick<StepCall, "step" | "run">, source: EvidenceSource) {
  const { context, runId } = run;
  const standard = await findingStandard(context);
  if (!standard.ok) return standard;
  const { FindingsGatherer } = await import("../../evidence/gather-findings.ts");
  const { masking } = context;
  const lines = new SourceLines(context.projectFolder, context.repositoryFolder);
  const place = { step: step.name, report: source.path };
  const list = new FindingListWriter(findingListPath(context.stateFolder, runId, place));
  const gatherer = new FindingsGatherer({
    tool: source.tool,
    report: source.path,
    standard: standard.value,
    lineOf: (file, line) => lines.of(file, line),
    showsSource: !/secret|leak/u.test(source.format),
    mask: (finding) => (masking.isActive ? masking.json(finding) : finding),
    keep: (finding) => list.add(finding),
  });
  return ok({ gatherer, list });
}

function unreadable({ path }: EvidenceSource, message: string): Problem {
  return problem("EVIDENCE_UNREADABLE", { place: path, message });
}

/** Text as tools write it: UTF-8, or UTF-16 where a mark at its beginning says so, as shells of Windows do. */
function decodeReport(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  return bytes.toString("utf8");
}
