// What Vast.ai's own client sends and prints, command by command, as it was recorded: a machine from its search to its end.

/** The release that was recorded. */
export const VERSION = "1.9.1";

export const OFFER = "31842207";
export const INSTANCE = "29410501";

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** What it reads of the first offer or instance that is answered. */
  readonly reads?: readonly string[];
}

export interface Command {
  readonly args: readonly string[];
  readonly sends: readonly Sent[];
  readonly prints: RegExp;
}

const OFFER_COLUMNS = [
  "id",
  "cuda_max_good",
  "num_gpus",
  "gpu_name",
  "pcie_bw",
  "cpu_ghz",
  "cpu_cores_effective",
  "cpu_ram",
  "gpu_ram",
  "disk_space",
  "dph_total",
  "dlperf",
  "dlperf_per_dphtotal",
  "score",
  "driver_version",
  "inet_up",
  "inet_down",
  "reliability",
  "duration",
  "machine_id",
  "verification",
  "host_id",
  "direct_port_count",
  "geolocation",
];
const INSTANCE_COLUMNS = [
  "id",
  "machine_id",
  "actual_status",
  "num_gpus",
  "gpu_name",
  "gpu_util",
  "cpu_cores_effective",
  "cpu_ram",
  "disk_space",
  "ssh_host",
  "ssh_port",
  "dph_total",
  "image_uuid",
  "inet_up",
  "inet_down",
  "reliability2",
  "label",
  "uptime_mins",
  "start_date",
  "extra_env",
  "ports",
  "public_ipaddr",
  "image_runtype",
];
const TABLE_COLUMNS = [
  "id",
  "actual_status",
  "label",
  "num_gpus",
  "gpu_name",
  "gpu_util",
  "disk_space",
  "disk_usage",
  "disk_util",
  "volume_info",
  "dph_total",
  "image_uuid",
  "start_date",
  "verification",
];

const VERIFIED = { verified: { eq: true }, external: { eq: false }, rentable: { eq: true } };
const ALL = { select_filters: "{}", order_by: '[{"col": "id", "dir": "asc"}]', limit: "25" };
const LIST: Sent = { method: "GET", path: "/api/v1/instances/", query: ALL, reads: INSTANCE_COLUMNS };
const GET: Sent = {
  method: "GET",
  path: `/api/v0/instances/${INSTANCE}/`,
  query: { owner: "me" },
  reads: INSTANCE_COLUMNS,
};

export const COMMANDS: readonly Command[] = [
  {
    args: ["search", "offers", "gpu_name=RTX_4090 num_gpus=1 cuda_vers>=12.4 reliability>0.9", "-o", "dph"],
    sends: [
      // Asked once, then remembered in its home.
      { method: "GET", path: "/api/v0/gpu_names/unique/" },
      { method: "GET", path: "/api/v0/users/current" },
      {
        method: "POST",
        path: "/api/v0/bundles/",
        body: {
          ...VERIFIED,
          gpu_name: { eq: "RTX 4090" },
          num_gpus: { eq: "1" },
          cuda_max_good: { gte: "12.4" },
          reliability: { gt: "0.9" },
          order: [["dph_total", "asc"]],
          type: "on-demand",
          allocated_storage: 5,
        },
        reads: OFFER_COLUMNS,
      },
    ],
    prints: /31842207 .*RTX_4090 .*0\.3000 [\s\S]*31842208 .*0\.5000 [\s\S]*verified .*Texas,_US/,
  },
  {
    args: ["search", "offers", "--interruptible", "--limit", "1", "--raw", "-o", "dph"],
    sends: [{
      method: "POST",
      path: "/api/v0/bundles/",
      body: {
        ...VERIFIED,
        order: [["dph_total", "asc"]],
        type: "bid",
        limit: 1,
        allocated_storage: 5,
      },
      reads: ["min_bid", "is_bid"],
    }],
    prints: /"is_bid": true,[\s\S]*"min_bid": 0\.15,/,
  },
  {
    args: [
      ...["create", "instance", OFFER, "--image", "vllm/vllm-openai:v0.11.0", "--ssh", "--direct"],
      ...["--disk", "40", "--env", "-e TZ=UTC -p 8000:8000"],
    ],
    sends: [{
      method: "PUT",
      path: `/api/v0/asks/${OFFER}/`,
      body: {
        client_id: "me",
        image: "vllm/vllm-openai:v0.11.0",
        env: { TZ: "UTC", "-p 8000:8000": "1" },
        price: null,
        disk: 40,
        label: null,
        extra: null,
        onstart: null,
        image_login: null,
        python_utf8: false,
        lang_utf8: false,
        use_jupyter_lab: false,
        jupyter_dir: null,
        force: false,
        cancel_unavail: false,
        template_hash_id: null,
        user: null,
        runtype: "ssh_direc ssh_proxy",
      },
    }],
    prints: /Started\. \{'success': True, 'new_contract': 29410501, /,
  },
  {
    args: ["show", "instances", "--raw"],
    sends: [LIST],
    prints: /"actual_status": "running",[\s\S]*"-p 8000:8000": "1",[\s\S]*"image_uuid": "vllm\/vllm-openai/,
  },
  {
    args: ["show", "instances", "--no-color"],
    sends: [
      { method: "GET", path: "/api/v0/instances/filters/" },
      { ...LIST, query: { ...ALL, select_cols: pythonList(TABLE_COLUMNS) } },
    ],
    prints: /Total: 1 instances[\s\S]*29410501/,
  },
  {
    args: ["show", "instance", INSTANCE, "--raw"],
    sends: [GET],
    prints: /"id": 29410501,[\s\S]*"label": null,/,
  },
  { args: ["show", "instance", INSTANCE], sends: [GET], prints: /29410501 .*running .*RTX_4090/ },
  { args: ["ssh-url", INSTANCE], sends: [LIST], prints: /^ssh:\/\/root@127\.0\.0\.1:2222\n$/ },
  {
    args: ["label", "instance", INSTANCE, "ours"],
    sends: [{ method: "PUT", path: `/api/v0/instances/${INSTANCE}/`, body: { label: "ours" } }],
    prints: /^label for 29410501 set to ours\.\n$/,
  },
  {
    args: ["logs", INSTANCE, "--tail", "10"],
    sends: [
      { method: "PUT", path: `/api/v0/instances/request_logs/${INSTANCE}/`, body: { tail: "10" } },
      { method: "GET", path: `/logs/${INSTANCE}` },
    ],
    prints: /Server listening on 0\.0\.0\.0 port 22\./,
  },
  {
    args: ["destroy", "instance", INSTANCE, "--yes"],
    sends: [{ method: "DELETE", path: `/api/v0/instances/${INSTANCE}/`, body: {} }],
    prints: /^destroying instance 29410501\.\n$/,
  },
  { args: ["show", "instances", "--raw"], sends: [{ ...LIST, reads: [] }], prints: /^\[\]\n$/ },
  {
    args: ["show", "instance", INSTANCE, "--raw"],
    sends: [{ ...GET, reads: [] }],
    prints: /"instances": null/,
  },
];

/** JSON as Python writes it. */
function pythonList(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(", ")}]`;
}
