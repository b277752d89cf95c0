import { createHash } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

/** RFC 6455 §1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export interface EchoWebSocket {
  readonly sockets: Duplex[];
  /** Status codes of the close frames that came from clients. */
  readonly closeCodes: number[];
  /** Writes raw bytes to the first client. */
  write(bytes: Buffer): void;
}

/** Makes a server speak WebSocket: what a client sends in one small frame comes back; small because it is a test's own. */
export function echoWebSocket(server: Server, { answersClose = true } = {}): EchoWebSocket {
  const sockets: Duplex[] = [];
  const closeCodes: number[] = [];
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const key = request.headers["sec-websocket-key"] ?? "";
    const accept = createHash("sha1")
      .update(key + GUID)
      .digest("base64");
    socket.on("error", () => {});
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
    );
    sockets.push(socket);
    let rest = head;
    const read = (chunk: Buffer): void => {
      rest = Buffer.concat([rest, chunk]);
      for (let taken = takeFrame(rest); taken !== null; taken = takeFrame(rest)) {
        rest = rest.subarray(taken.size);
        if (taken.opcode === 8) {
          closeCodes.push(taken.payload.readUInt16BE(0));
          if (answersClose) socket.end(frame(8, taken.payload));
        } else socket.write(frame(taken.opcode, taken.payload));
      }
    };
    socket.on("data", read);
    socket.on("end", () => answersClose && socket.end());
    read(Buffer.alloc(0));
  });
  return { sockets, closeCodes, write: (bytes) => void sockets[0]?.write(bytes) };
}

export function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const size = length < 126 ? [length] : [126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...size]), payload]);
}

/** Null until a whole frame of a client is there: masked, less than 64 KiB. */
function takeFrame(bytes: Buffer): { readonly opcode: number; readonly payload: Buffer; readonly size: number } | null {
  if (bytes.length < 2) return null;
  const short = (bytes[1] ?? 0) & 0x7f;
  const headSize = short === 126 ? 8 : 6;
  if (bytes.length < headSize) return null;
  const length = short === 126 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < headSize + length) return null;
  const mask = bytes.subarray(headSize - 4, headSize);
  const payload = Buffer.from(
    bytes.subarray(headSize, headSize + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0)),
  );
  return { opcode: (bytes[0] ?? 0) & 0x0f, payload, size: headSize + length };
}
