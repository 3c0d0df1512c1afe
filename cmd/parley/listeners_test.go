package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/transport/httpd"
)

// testCert writes a certificate for localhost and its key.
func testCert(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// lineEcho is a listener that speaks no HTTP.
func lineEcho(ctx context.Context, conn net.Conn) {
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		fmt.Fprintln(conn, lines.Text())
	}
	if ctx.Err() != nil {
		fmt.Fprintln(conn, "bye")
	}
}

// TestFurtherListeners: what is named is served under the rules of the main port,
// stands in the start box and ends with the server; what is not named is off.
func TestFurtherListeners(t *testing.T) {
	var c *serveCmd
	var lines string
	heard := map[string]*bufio.Reader{}
	t.Cleanup(func() { // after the server's end
		for how, in := range heard {
			if got, err := in.ReadString('\n'); got != "bye\n" {
				t.Errorf("%s at the end: %q, %v", how, got, err)
			}
		}
		if conn, err := net.Dial("tcp", lines); err == nil {
			_ = conn.Close()
			t.Error("it still listens")
		}
	})
	srv, _ := startTest(t, func(cmd *serveCmd) {
		c = cmd
		c.TLSCert, c.TLSKey = testCert(t)
		hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
		c.further = []further{
			{"lines-listen", "127.0.0.1:0", httpd.Listener{Name: "lines", Stream: lineEcho}},
			{"hello-listen", "localhost:0", httpd.Listener{Name: "hello", Handler: hello}},
			{"off-listen", "", httpd.Listener{Name: "off", Handler: hello}},
		}
	})
	if len(srv.listens) != 3 {
		t.Fatalf("%d listeners", len(srv.listens))
	}
	lines = srv.listens[1].Net.Addr().String()
	hello := srv.listens[2].Net.Addr().(*net.TCPAddr).Port
	s, err := c.check()
	if err != nil {
		t.Fatal(err)
	}
	var box bytes.Buffer
	c.announce(&box, s, srv)
	_, port, err := net.SplitHostPort(lines)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"lines     TCP localhost:" + port + ", with TLS or without ", fmt.Sprintf("hello     https://localhost:%d ", hello)} {
		if !strings.Contains(box.String(), want) {
			t.Errorf("the box lacks %q:\n%s", want, box.String())
		}
	}
	if strings.Contains(box.String(), "off") {
		t.Errorf("the box tells of what is off:\n%s", box.String())
	}

	plain, err := net.Dial("tcp", lines)
	if err != nil {
		t.Fatal(err)
	}
	secure, err := tls.Dial("tcp", lines, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	for how, conn := range map[string]net.Conn{"plain": plain, "TLS": secure} {
		heard[how] = bufio.NewReader(conn)
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(conn, "hi\n"); err != nil {
			t.Fatal(err)
		}
		if got, err := heard[how].ReadString('\n'); got != "hi\n" {
			t.Errorf("%s: %q, %v", how, got, err)
		}
	}

	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	for host, want := range map[string]int{"localhost": 200, "evil.example": 421} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("https://127.0.0.1:%d/", hello), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("at the name %s: %s", host, resp.Status)
		}
	}
}

// TestFurtherListenerErrors name the flag that is to blame.
func TestFurtherListenerErrors(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1":    `--lines-listen "127.0.0.1" is not HOST:PORT`,
		"127.0.0.1:x":  "--lines-listen \"127.0.0.1:x\": the port must be a number",
		"nowhere:7000": `--lines-listen host "nowhere" is not an IP address`,
		busy(t):        "such as --lines-listen 127.0.0.1:8444",
	} {
		c := serveCmd{further: []further{{"lines-listen", addr, httpd.Listener{Name: "lines", Stream: lineEcho}}}}
		srv := &server{}
		err := c.openFurther(srv)
		var said *told
		if !errors.As(err, &said) || !strings.Contains(said.Error()+" "+said.mend, want) {
			t.Errorf("%s: %v, want %q", addr, err, want)
		}
	}
}
