import type { Socket } from "node:net";

/**
 * Lets the answer of a service be read also when it closed the connection before it had read the whole request: 413 to a large body,
 * for instance. Node destroys a socket with the first write that fails, together with the answer that waits in the system's buffer.
 * Here such a write counts as done, and the end of what can be read ends the connection.
 */
export function readToTheEnd(socket: Socket): void {
  const write = socket._write.bind(socket);
  const writeMany = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, callback) => write(chunk, encoding, forgiving(callback));
  if (writeMany !== undefined) socket._writev = (chunks, callback) => writeMany(chunks, forgiving(callback));
}

function forgiving(callback: (error?: Error | null) => void): (error?: Error | null) => void {
  return (error) => callback(isCut(error) ? null : error);
}

function isCut(error: Error | null | undefined): boolean {
  const code = (error as NodeJS.ErrnoException | null | undefined)?.code;
  return code === "EPIPE" || code === "ECONNRESET";
}
