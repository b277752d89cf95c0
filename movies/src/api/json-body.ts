import type { FastifyInstance } from "fastify";

type UnreadableCode = "BODY_MISSING" | "JSON_MALFORMED" | "MEDIA_TYPE_UNSUPPORTED";

/** Stands in for a body that could not be read as JSON, so that a route answers it like any other bad input. */
export class UnreadableBody {
  readonly code: UnreadableCode;
  readonly message: string;

  constructor(code: UnreadableCode, message: string) {
    this.code = code;
    this.message = message;
  }
}

/**
 * Makes the server read JSON bodies, and only those. Fastify's own parser closes the connection on malformed JSON; here the whole
 * body has been read by then, so the connection can stay open, and the route answers.
 */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, text, done) => {
    const encoding = request.headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") {
      done(null, new UnreadableBody("MEDIA_TYPE_UNSUPPORTED", "the body is compressed"));
    } else if (text.length === 0) {
      done(null, new UnreadableBody("BODY_MISSING", "the request has no body"));
    } else {
      done(null, parseJson(text.toString()));
    }
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return new UnreadableBody("JSON_MALFORMED", "the body is not JSON");
  }
}
