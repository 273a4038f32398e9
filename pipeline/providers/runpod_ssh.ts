// The SSH server of a pod whose image brings none of its own: what its container runs in place of its own program.
import { quote } from "../machines/quote.ts";

/** Images that RunPod builds upon its `base`: their own program, `start.sh`, starts sshd with the key in `PUBLIC_KEY`. */
const OWN_IMAGE =
  /^(docker\.io\/)?runpod\/(base|pytorch|pytorch-cluster|nvidia-pytorch|rocm|autoresearch)(:|@|$)/;

export function startsSshItself(image: string): boolean {
  return OWN_IMAGE.test(image);
}

/** So long at most until sshd is installed, or known not to be: two rounds of apt-get. */
export const INSTALL_SECONDS = 300;

/**
 * Text for a container's `sh`, run as root: installs sshd where it is missing, lets in the key in `PUBLIC_KEY` alone, and stays
 * as long as sshd does. Its configuration is its own, whatever the image has; sessions get the variables of the image, as the
 * program of its own would, but none that names a key. curl is what a pod ends itself with.
 */
export function sshServer(port = 22, folder = "/etc/almanac-ssh"): string {
  return `folder=${quote(folder)} port=${port}
image=$(env | grep -E '^[A-Za-z_][A-Za-z0-9_]*=[^"\\\\]*$' |
  grep -vE '^((ALMANAC|RUNPOD|SSH)_[^=]*|[^=]*(KEY|TOKEN)|HOME|HOSTNAME|OLDPWD|PWD|SHLVL|_)=')
unset LD_LIBRARY_PATH LD_PRELOAD
export DEBIAN_FRONTEND=noninteractive
has() { command -v "$1" >/dev/null; }
for _ in 1 2; do
  has sshd && has curl && break
  has apt-get || break
  timeout 50 apt-get update
  timeout 90 apt-get install -y --no-install-recommends openssh-server curl ca-certificates && break
  timeout 10 dpkg --configure -a
done
has sshd || { echo "Cannot start an SSH server: this image has none, and apt-get brings none"; exit 1; }
mkdir -p -m 700 "$folder"
mkdir -p -m 755 /run/sshd
printf '%s\\n' "$PUBLIC_KEY" >"$folder/authorized_keys"
[ -s "$folder/host_key" ] || ssh-keygen -q -t ed25519 -N '' -f "$folder/host_key"
cat >"$folder/sshd_config" <<END
Port $port
HostKey "$folder/host_key"
AuthorizedKeysFile "$folder/authorized_keys"
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
SetEnv $(printf '%s\\n' "$image" | sed 's/.*/"&"/' | tr '\\n' ' ')
END
"$(command -v sshd)" -D -e -f "$folder/sshd_config"
`;
}
