import type proto from "@pulumi/pulumi/proto/provider_pb.js";
import * as runtime from "@pulumi/pulumi/runtime/index.js";

/** The parts of Pulumi's SDK that its own provider server uses and its declarations omit. */
const state = import("@pulumi/pulumi/runtime/state.js" as string) as Promise<{
  default: { withLocalStorage<T>(work: () => Promise<T>): Promise<T> };
}>;
const settings = import("@pulumi/pulumi/runtime/settings.js" as string) as Promise<{
  default: { awaitFeatureSupport(): Promise<void> };
}>;

/**
 * Runs the work as part of the program that declared the component: its project, stack, configuration and resource
 * monitor. Concurrent calls have separate SDK state.
 * @param engine the engine's address
 * @returns after all resources that the work declared are registered
 */
export async function inProgram<T>(
  request: proto.ConstructRequest,
  engine: string,
  work: () => Promise<T>,
): Promise<T> {
  const [{ withLocalStorage }, { awaitFeatureSupport }] = [(await state).default, (await settings).default];
  return withLocalStorage(async () => {
    runtime.resetOptions(
      request.getProject(),
      request.getStack(),
      request.getParallel(),
      engine,
      request.getMonitorendpoint(),
      request.getDryrun(),
      request.getOrganization(),
    );
    await awaitFeatureSupport();
    const config = Object.fromEntries(request.getConfigMap().toArray());
    runtime.setAllConfig(config, request.getConfigsecretkeysList());
    const result = await work();
    await runtime.disconnect();
    return result;
  });
}
