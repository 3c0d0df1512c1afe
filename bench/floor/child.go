package floor

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
)

// ServeForward is the forwarder's process: it prints its UDP port, reads a
// Plan from in, prints "ready", and forwards until in ends.
func ServeForward(in io.Reader, out io.Writer) error {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Fprintln(out, conn.LocalAddr().(*net.UDPAddr).Port)
	dec := json.NewDecoder(in)
	var plan Plan
	if err := dec.Decode(&plan); err != nil {
		return fmt.Errorf("floor plan: %w", err)
	}
	f, err := NewForwarder(conn, &plan)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "ready")
	go func() { // ends the process with its parent
		io.Copy(io.Discard, in)
		os.Exit(0)
	}()
	return f.Run()
}

// Child is a helper process, forwarder or writer, as its parent sees it.
type Child struct {
	Port int
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
}

// Start runs cmd, whose process must call ServeForward or ServeWrites with its
// standard input and output. launch starts it (and may pin it); it is usually
// (*exec.Cmd).Start.
func Start(cmd *exec.Cmd, launch func(*exec.Cmd) error) (*Child, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	if err := launch(cmd); err != nil {
		return nil, fmt.Errorf("start helper process: %w", err)
	}
	c := &Child{cmd: cmd, in: in, out: bufio.NewReader(out)}
	if _, err := fmt.Fscanln(c.out, &c.Port); err != nil {
		c.Stop()
		return nil, fmt.Errorf("start helper process: %w", err)
	}
	return c, nil
}

// Pid is the process id.
func (c *Child) Pid() int { return c.cmd.Process.Pid }

// Load hands over the plan and waits until the forwarder runs.
func (c *Child) Load(plan *Plan) error {
	if err := json.NewEncoder(c.in).Encode(plan); err != nil {
		return fmt.Errorf("floor plan: %w", err)
	}
	return c.Ready()
}

// Ready waits until the child works.
func (c *Child) Ready() error {
	line, err := c.out.ReadString('\n')
	if err != nil || line != "ready\n" {
		return fmt.Errorf("helper process did not start: %q, %w", line, err)
	}
	return nil
}

// Stop ends the process and waits for it.
func (c *Child) Stop() {
	c.in.Close()
	c.cmd.Process.Kill()
	c.cmd.Wait()
}
