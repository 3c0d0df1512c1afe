package httpd

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

// askRooms is a FindRoom: small letters, no '!', and ten letters are a code.
func askRooms(_ context.Context, typed string) (string, bool) {
	if typed == "abcdefghij" {
		return "abc-defg-hij", true
	}
	return strings.Trim(typed, " ."), !strings.ContainsAny(typed, "!/\x00<")
}

func TestAddressesOfRooms(t *testing.T) {
	r := start(t, Config{FindRoom: askRooms})
	for _, c := range []struct {
		path   string
		status int
		to     string // where it leads; "bad": what is no name
	}{
		{"/r/tea", 200, ""}, {"/r/tea/", 200, ""}, {"/r/", 200, ""}, {"/r", 200, ""}, {"/", 200, ""},
		{"/r/tea.", 302, "/r/tea"}, {"/r/%20tea?lang=zh", 302, "/r/tea?lang=zh"},
		{"/r/%E4%BC%9A%E8%AE%AE.", 302, "/r/%E4%BC%9A%E8%AE%AE"}, {"/r/a%3Fb%23c%25.", 302, "/r/a%3Fb%23c%25"},
		{"/r/abcdefghij", 302, "/r/abc-defg-hij"},
		{"/abc-defg-hij", 302, "/r/abc-defg-hij"}, {"/ABC-defg-hij/?x=1", 302, "/r/abc-defg-hij?x=1"}, {"/abc-defg-hij.", 302, "/r/abc-defg-hij"},
		{"/r/no!", 200, "bad"}, {"/r/a%2Fb", 200, "bad"}, {"/r/a/b", 200, "bad"}, {"/r/%3Cb%3E", 200, "bad"},
		{"/abcdefghij", 404, ""}, {"/abc-defg", 404, ""}, {"/abc-defg-hi1", 404, ""}, {"/x/abc-defg-hij", 404, ""}, {"/admin", 404, ""},
	} {
		resp, err := r.http.Get(r.base + c.path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		bad := strings.Contains(string(body), `<parley-app page="bad-room">`) // which the page shows then
		if to := resp.Header.Get("Location"); resp.StatusCode != c.status || to != strings.TrimPrefix(c.to, "bad") || bad != (c.to == "bad") {
			t.Errorf("%s: %d %s, page of a bad name %v; want %d %s", c.path, resp.StatusCode, to, bad, c.status, c.to)
		}
		if c.status == http.StatusFound && resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", c.path, resp.Header.Get("Cache-Control"))
		}
	}
}

func TestRoomIsAskedFor(t *testing.T) {
	r := start(t, Config{FindRoom: askRooms})
	for name, want := range map[string]string{"tea.": "tea", "abcdefghij": "abc-defg-hij", "no!": "", "%E4%BC%9A": "会"} {
		resp, err := r.http.Get(r.base + "/api/v1/room?name=" + name)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if got := strings.TrimSpace(string(body)); resp.StatusCode != http.StatusOK || got != `{"title":"`+want+`"}` {
			t.Errorf("%s: %d %s, want %s", name, resp.StatusCode, got, want)
		}
	}
}
