// Instances as Vast.ai tells of them: one, in pages of 25, and what they cost.
import type { Cloud, CloudMachine } from "../cloud.ts";
import type { Reply } from "../server.ts";
import type { Create } from "./create.ts";
import { invalid } from "./replies.ts";

const DAY_SECONDS = 86_400;
/** What a list may be sorted and filtered by. */
const STORED = ["id", "label", "actual_status", "gpu_name", "verification"];

/** A machine as it tells of it, on its `host`; `order`: what it was created with. */
export function instanceOf(machine: CloudMachine, host: Readonly<Record<string, unknown>>, order?: Create) {
  const { id, label, state, words, port, is_bid, price_per_hour } = machine;
  const isRunning = state === "running";
  // One that is outbid is to stand still; one that its host stopped is not.
  const isOutbid = state === "stopped" && is_bid;
  return {
    ...host,
    id: Number(id),
    label: label || null,
    actual_status: STATUS[state],
    intended_status: isOutbid ? "stopped" : "running",
    cur_state: state === "stopped" ? "stopped" : "running",
    next_state: isOutbid ? "stopped" : "running",
    status_msg: words,
    is_bid,
    public_ipaddr: isRunning ? machine.faults.address ?? " 127.0.0.1" : null,
    ...(isRunning ? { ports: { "22/tcp": [{ HostIp: "0.0.0.0", HostPort: String(port) }] } } : {}),
    ssh_host: null,
    ssh_port: null,
    image_uuid: order?.image ?? null,
    image_args: [],
    image_runtype: order?.runtype ?? "ssh_direct",
    extra_env: Object.entries(order?.env ?? {}),
    onstart: order?.onstart ?? null,
    template_id: null,
    template_hash_id: null,
    disk_space: order?.disk ?? null,
    disk_usage: null,
    disk_util: null,
    gpu_util: isRunning ? 0 : null,
    dph_total: price_per_hour,
    start_date: machine.created_at / 1000,
    uptime_mins: null,
    volume_info: [],
  };
}

const STATUS: Readonly<Record<CloudMachine["state"], string | null>> = {
  starting: "loading",
  running: "running",
  failed: "created",
  stopped: "exited",
  gone: null,
};

type Instance = ReturnType<typeof instanceOf>;

/** The page of them that `query` asks for. */
export function pageOf(instances: readonly Instance[], query: URLSearchParams): Reply {
  const orders = JSON.parse(query.get("order_by") ?? "[]") as { col: string }[];
  const filters = Object.entries(
    JSON.parse(query.get("select_filters") ?? "{}") as Record<string, { eq?: unknown; in?: unknown[] }>,
  );
  if (
    ![...orders.map(({ col }) => col), ...filters.map(([col]) => col)].every((col) => STORED.includes(col))
  ) {
    return invalid("invalid_request", "not a stored column");
  }
  const found = instances.filter((each) =>
    filters.every(([col, { eq, in: among = [eq] }]) => among.includes(each[col as keyof Instance]))
  );
  const { shown, next_token } = cut(found, query, 25);
  const labels = Map.groupBy(found, ({ label }) => label ?? "");
  return {
    json: {
      success: true,
      instances_found: shown.length,
      total_instances: found.length,
      label_counts: Object.fromEntries([...labels].map(([label, each]) => [label, each.length])),
      next_token,
      instances: shown,
    },
  };
}

/** A row for each instance and day, in pages; days that lie outside are left out. */
export function charges(cloud: Cloud, query: URLSearchParams): Reply {
  const { day, type } = JSON.parse(query.get("select_filters") ?? "{}");
  if (typeof day?.gte !== "number" || typeof day?.lte !== "number") {
    return invalid("invalid_args", "Must provide both 'day' gte and lte filters for instance charges");
  }
  const rows = [...cloud.machines.values()].flatMap((machine) => {
    const beginning = Math.floor(machine.created_at / 1000 / DAY_SECONDS) * DAY_SECONDS;
    if (beginning < day.gte || beginning > day.lte || type?.in?.includes("instance") === false) return [];
    return [{
      start: beginning,
      end: beginning,
      type: "instance",
      source: `instance-${machine.id}`,
      amount: cloud.bill(machine),
      metadata: { label: machine.label },
      items: [],
    }];
  });
  const { shown, next_token } = cut(rows, query, 500);
  return {
    json: { success: true, count: shown.length, total: rows.length, next_token, results: shown },
  };
}

/** The page of `rows` that `query` asks for, of at most `most`. */
function cut<T>(rows: readonly T[], query: URLSearchParams, most: number) {
  const limit = Math.min(most, Number(query.get("limit") ?? most));
  const from = Number(query.get("after_token") ?? 0);
  const next_token = from + limit < rows.length ? String(from + limit) : null;
  return { shown: rows.slice(from, from + limit), next_token };
}
