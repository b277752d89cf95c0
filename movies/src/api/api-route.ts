import type { FastifyReply, FastifyRequest } from "fastify";

import type { Refusal } from "./refusal.ts";

/** One route of the API. What the OpenAPI document says of it stands in `api-description.ts`. */
export interface ApiRoute {
  readonly method: "GET" | "POST";
  readonly url: RouteUrl;
  handle(call: RouteCall): unknown;
}

export type RouteUrl =
  | "/predict"
  | "/predict/movie"
  | "/predict/batch"
  | "/health"
  | "/ready"
  | "/model/info"
  | "/metrics";

export interface RouteCall {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Sets the refusal's status, counts its fields and gives the body to return. */
  refuse(refusal: Refusal): object;
}
