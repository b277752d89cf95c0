import type { DeployRequest, Environment } from "../../deployment/environment.ts";
import { openDeploymentNotices, type DeploymentNoticesOptions } from "./deployment-notices.ts";

export type TellingOptions = Pick<
  DeploymentNoticesOptions,
  "codeHost" | "projectFolder" | "stateFolder" | "env" | "clock" | "onProblem"
>;

/**
 * Deploys, and tells the code host of it meanwhile: `act` is called with the request as it is to be used. Once it is over, what
 * is left is told for a bounded time. Telling never changes what becomes of the deployment.
 */
export async function whileTelling<Answer>(
  options: TellingOptions,
  at: { readonly environment: Environment; readonly request: DeployRequest },
  act: (environment: Environment, request: DeployRequest) => Promise<Answer>,
): Promise<Answer> {
  const { environment, request } = at;
  const notices = await openDeploymentNotices({
    ...options,
    url: async () => (await environment.observe()).url,
    history: (limit) => environment.history(limit),
    log: (line) => request.log(line),
  });
  try {
    return await act(environment, {
      ...request,
      onTransition: (transition) => {
        request.onTransition(transition);
        notices.changed();
      },
    });
  } finally {
    await notices.close();
  }
}
