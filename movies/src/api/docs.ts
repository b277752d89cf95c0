import fastify, { type FastifyInstance } from "fastify";

import type { ApiRoute } from "./api-route.ts";

export interface DocsOptions {
  readonly routes: readonly ApiRoute[];
  readonly releaseId: string;
}

/**
 * Adds `GET /docs` (Swagger UI) and `GET /docs/json` (OpenAPI 3.1). They live in a server of their own that is built by the
 * first reader: its libraries cost start-up time and memory that a slot, which is started to predict, need not spend.
 */
export function addDocs(app: FastifyInstance, options: DocsOptions): void {
  let building: Promise<FastifyInstance> | null = null;
  for (const url of ["/docs", "/docs/*"]) {
    app.get(url, async (request, reply) => {
      building ??= buildDocs(options);
      const docs = await building;
      reply.hijack();
      docs.routing(request.raw, reply.raw);
    });
  }
  app.addHook("onClose", async () => {
    const docs = await building;
    await docs?.close();
  });
}

// The page loads nothing from elsewhere. The library's own policy also upgrades to https, which a plain server does not speak.
const PAGE_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; frame-ancestors 'none'";

async function buildDocs({ routes, releaseId }: DocsOptions): Promise<FastifyInstance> {
  const [{ default: swagger }, { default: swaggerUi }, { describeRoute }] = await Promise.all([
    import("@fastify/swagger"),
    import("@fastify/swagger-ui"),
    import("./api-description.ts"),
  ]);
  const docs = fastify({ exposeHeadRoutes: false });
  // The schemas are only read here, never run.
  docs.setValidatorCompiler(() => () => true);
  docs.setSerializerCompiler(() => (data) => JSON.stringify(data));
  await docs.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "movies", description: "Predicts a film's rating, 0 to 10.", version: releaseId },
    },
  });
  for (const { method, url } of routes) {
    docs.route({ method, url, schema: describeRoute(url), handler: (_, reply) => reply.callNotFound() });
  }
  await docs.register(swaggerUi, { routePrefix: "/docs", staticCSP: PAGE_POLICY, uiConfig: { validatorUrl: null } });
  await docs.ready();
  return docs;
}
