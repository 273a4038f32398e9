// CPU time of a process and all that it started, from Linux's /proc.

/** Clock ticks a second in /proc/<pid>/stat; 100 on every Linux that Deno runs on. */
const TICKS = 100;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly cpu_us: number;
}

/** User and system time so far, microseconds, of `root` and its living descendants. */
export function cpuOfTree(root: number): number {
  const stats = [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name)).flatMap(({ name }) =>
    statOf(name)
  );
  const inTree = new Set([root]);
  for (let size = 0; size !== inTree.size;) {
    size = inTree.size;
    for (const { pid, parent } of stats) if (inTree.has(parent)) inTree.add(pid);
  }
  return stats.filter(({ pid }) => inTree.has(pid)).reduce((sum, { cpu_us }) => sum + cpu_us, 0);
}

/** None when it has just ended. The fields after the name in brackets: state, parent, …, user time 14th, system time 15th. */
function statOf(pid: string): Stat[] {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const cpu_us = (Number(fields[11]) + Number(fields[12])) / TICKS * 1e6;
    return [{ pid: Number(pid), parent: Number(fields[1]), cpu_us }];
  } catch {
    return [];
  }
}
