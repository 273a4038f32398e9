// Names of runs.

/** `YYYYMMDD-HHMMSS-xxxx` in UTC with four random hex digits. */
export function newRunId(now: Date): string {
  const digits = now.toISOString().replace(/\D/g, "");
  const random = crypto.getRandomValues(new Uint16Array(1))[0] ?? 0;
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${random.toString(16).padStart(4, "0")}`;
}

export function isRunId(name: string): boolean {
  return /^\d{8}-\d{6}-[0-9a-f]{4}$/.test(name);
}
