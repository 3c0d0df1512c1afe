package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// need is something from the system's packages that tests use.
type need struct {
	what    string
	present func() bool
	pkg     string
}

// needs are those of the form for people; steps of other forms name their own.
var needs = []need{
	{"Chromium without windows", inPath("chromium-headless-shell"), "chromium-headless-shell"},
	{"a Chinese font", hasChineseFont, "fonts-wqy-zenhei"},
	{"ip", inPath("ip"), "iproute2"},
}

var (
	chromium = need{"Chromium", inPath("chromium"), "chromium"}
	firefox  = need{"Firefox ESR", inPath("firefox-esr"), "firefox-esr"}
)

// tools names what this machine lacks and installs it when it may.
func tools(ctx context.Context) error {
	for _, name := range []string{"go", "node", "npm", "git"} {
		path, err := exec.LookPath(name)
		if err != nil {
			return fmt.Errorf("%s is not installed; check needs Go, Node with npm, and git", name)
		}
		flag := "--version"
		if name == "go" {
			flag = "version"
		}
		version, err := output(ctx, ".", path, flag)
		if err != nil {
			return err
		}
		fmt.Printf("%-8s %s\n", name, strings.TrimSpace(version))
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		return fmt.Errorf("gcc is not installed; the race detector needs it (apt-get install gcc libc6-dev)")
	}
	var missing []string
	for _, n := range needs {
		if !n.present() {
			missing = append(missing, n.pkg)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return install(ctx, missing)
}

func install(ctx context.Context, packages []string) error {
	advice := "apt-get install " + strings.Join(packages, " ")
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return fmt.Errorf("missing for the tests; as root: %s", advice)
	}
	fmt.Println("installing", strings.Join(packages, ", "))
	quiet := []string{"DEBIAN_FRONTEND=noninteractive"}
	if err := command(ctx, ".", quiet, "apt-get", "update", "-qq"); err != nil {
		return err
	}
	args := append([]string{"install", "-y", "-qq", "--no-install-recommends"}, packages...)
	return command(ctx, ".", quiet, "apt-get", args...)
}

func inPath(name string) func() bool {
	return func() bool {
		_, err := exec.LookPath(name)
		return err == nil
	}
}

func hasChineseFont() bool {
	out, err := exec.Command("fc-list", ":lang=zh-cn", "family").Output()
	return err == nil && len(strings.TrimSpace(string(out))) > 0
}
