// A lease becomes a machine.
import type { Lease } from "../plan/leases.ts";
import type { Machine } from "../providers/provider.ts";
import { providers } from "../providers/mod.ts";
import { ProviderName } from "../schema/names.ts";
import type { StageContext } from "./context.ts";

/** Leases a machine for all entries of `lease`; leaving its scope gives it back. */
export function provision(
  lease: Pick<Lease, "id" | "provider" | "gpu">,
  context: StageContext,
): Promise<Machine> {
  return providers[ProviderName.parse(lease.provider)].lease({
    lease_id: lease.id,
    gpu: lease.gpu,
    run_dir: context.run_dir,
    signal: context.signal,
    log: context.log,
  });
}
