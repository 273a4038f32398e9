// A certificate for localhost that nobody but its holder trusts, made on the spot.
import { join } from "node:path";

/** Null when this machine has no openssl. `ca` marks it as an authority, as openssl does unless it is told. */
export async function selfSigned(ca = false): Promise<{ cert: string; key: string } | null> {
  const folder = await Deno.makeTempDir();
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const { success } = await new Deno.Command("openssl", {
      args: [
        ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30".split(" "),
        ..."-subj /CN=localhost -addext subjectAltName=DNS:localhost".split(" "),
        ...["-addext", `basicConstraints=critical,CA:${ca ? "TRUE" : "FALSE"}`],
        ..."-addext extendedKeyUsage=serverAuth".split(" "),
        ...["-keyout", key, "-out", cert],
      ],
      stdout: "null",
      stderr: "null",
    }).output();
    return success ? { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) } : null;
  } catch {
    return null;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
