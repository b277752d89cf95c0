import type { FastifyReply, FastifyRequest, FastifySchema } from "fastify";

import type { Refusal } from "./refusal.ts";

/** One route of the API: what it does, and what the OpenAPI document says of it. */
export interface ApiRoute {
  readonly method: "GET" | "POST";
  readonly url: string;
  /** JSON Schemas for the OpenAPI document; called only when somebody reads it. */
  describe(): FastifySchema;
  handle(call: RouteCall): unknown;
}

export interface RouteCall {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Sets the refusal's status, counts its fields and gives the body to return. */
  refuse(refusal: Refusal): object;
}
