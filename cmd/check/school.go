package main

import (
	"context"
	"os"
	"path/filepath"
)

// schoolScript runs in a network namespace of its own, where the server has an
// address that is not loopback: a thousand come from there within a minute, at
// the first try, lose their WebSockets at one moment and are back in 15 s.
const schoolScript = `
ip link set lo up
ip address add 192.0.2.1/32 dev lo
"$PARLEY" serve --listen 192.0.2.1:8443 --data "$DATA" --log-level warn &
server=$!
trap 'kill -INT $server; wait $server' EXIT
until "$PARLEY" bench sockets --url http://192.0.2.1:8443 -n 1 --duration 1s --warmup 0s --quiet >/dev/null 2>&1; do
  kill -0 $server
  sleep 0.2
done
"$PARLEY" bench school --url http://192.0.2.1:8443 --server-pid $server -n 1000 --ramp 50s --duration 1s --warmup 1s \
  --max-back 15s --quiet
`

// school shows that limits per address let a school in, and back.
func school(ctx context.Context) error {
	return withBinary(ctx, func(bin string) error {
		dir := filepath.Dir(bin)
		script := filepath.Join(dir, "school.sh")
		if err := os.WriteFile(script, []byte(schoolScript), 0o600); err != nil {
			return err
		}
		env := []string{"PARLEY=" + bin, "DATA=" + filepath.Join(dir, "data")}
		return command(ctx, ".", env, "unshare", "--net", "sh", "-eu", script)
	})
}
