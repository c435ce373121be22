package fidelity

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// firefox is a headless Firefox that is driven by WebDriver BiDi:
// https://w3c.github.io/webdriver-bidi/
type firefox struct {
	conn    net.Conn
	context string
	version string
	last    int
}

// preferences make Firefox convert colours to sRGB and stay off the network.
var preferences = map[string]any{
	"gfx.color_management.mode": 1, "gfx.color_management.force_srgb": true,
	"browser.shell.checkDefaultBrowser": false, "datareporting.policy.dataSubmissionEnabled": false,
	"app.update.enabled": false, "extensions.update.enabled": false, "network.captive-portal-service.enabled": false,
	"network.connectivity-service.enabled": false, "browser.region.network.url": "", "services.settings.server": "",
}

// startFirefox starts Firefox at a page's URL, with a profile in a folder. The returned
// function stops it.
func startFirefox(ctx context.Context, dir, url string) (_ *firefox, end func(), err error) {
	path, err := exec.LookPath("firefox-esr")
	if err != nil {
		if path, err = exec.LookPath("firefox"); err != nil {
			return nil, nil, errors.New("the second opinion is Firefox's: install firefox-esr (Debian: apt-get install firefox-esr)")
		}
	}
	var lines []byte
	for name, value := range preferences {
		lines = fmt.Appendf(lines, "user_pref(%s, %s);\n", asJSON(name), asJSON(value))
	}
	if err := os.WriteFile(filepath.Join(dir, "user.js"), lines, 0o600); err != nil {
		return nil, nil, err
	}
	process := exec.Command(path, "--headless", "--no-remote", "--profile", dir, "--remote-debugging-port", "0")
	process.Env = append(os.Environ(), "HOME="+dir, "MOZ_CRASHREPORTER_DISABLE=1")
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	messages, err := process.StderrPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := process.Start(); err != nil {
		return nil, nil, fmt.Errorf("start %s: %w", path, err)
	}
	end = func() {
		_ = syscall.Kill(-process.Process.Pid, syscall.SIGKILL)
		_ = process.Wait()
	}
	address := make(chan string, 1)
	go func() { // Ends with the process.
		defer close(address)
		for scanner := bufio.NewScanner(messages); scanner.Scan(); {
			if _, a, ok := strings.Cut(scanner.Text(), "WebDriver BiDi listening on "); ok {
				address <- a
			}
		}
	}()
	f := &firefox{}
	select {
	case a, ok := <-address:
		if !ok {
			end()
			return nil, nil, fmt.Errorf("%s ended before it listened", path)
		}
		err = f.connect(ctx, a, url)
	case <-time.After(time.Minute):
		err = errors.New("it does not listen after a minute")
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		end()
		return nil, nil, fmt.Errorf("start %s: %w", path, err)
	}
	return f, end, nil
}

func (f *firefox) connect(ctx context.Context, address, url string) error {
	conn, _, _, err := ws.Dial(ctx, address+"/session")
	if err != nil {
		return err
	}
	f.conn = conn
	var session struct {
		Capabilities struct{ BrowserVersion string }
	}
	if err := f.call("session.new", map[string]any{"capabilities": map[string]any{}}, &session); err != nil {
		return err
	}
	f.version = "Firefox " + session.Capabilities.BrowserVersion + onDebian()
	var tree struct{ Contexts []struct{ Context string } }
	if err := f.call("browsingContext.getTree", map[string]any{}, &tree); err != nil {
		return err
	}
	if len(tree.Contexts) == 0 {
		return errors.New("no window is open")
	}
	f.context = tree.Contexts[0].Context
	return f.call("browsingContext.navigate", map[string]any{"context": f.context, "url": url, "wait": "complete"}, &struct{}{})
}

// call runs one command and waits for its result.
func (f *firefox) call(method string, params, result any) error {
	f.last++
	command, err := json.Marshal(map[string]any{"id": f.last, "method": method, "params": params})
	if err != nil {
		return err
	}
	if err := f.conn.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		return err
	}
	if err := wsutil.WriteClientText(f.conn, command); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	for {
		body, err := wsutil.ReadServerText(f.conn)
		if err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		var message struct {
			ID      int
			Type    string
			Error   string
			Message string
			Result  json.RawMessage
		}
		if err := json.Unmarshal(body, &message); err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		if message.ID != f.last {
			continue // An event.
		}
		if message.Type == "error" {
			return fmt.Errorf("%s: %s: %s", method, message.Error, message.Message)
		}
		return json.Unmarshal(message.Result, result)
	}
}

func (f *firefox) Version() string { return f.version }

func (f *firefox) evaluate(_ context.Context, script string) (string, error) {
	var result struct {
		Type             string
		Result           struct{ Value string }
		ExceptionDetails struct{ Text string }
	}
	err := f.call("script.evaluate", map[string]any{
		"expression": script, "target": map[string]any{"context": f.context}, "awaitPromise": true, "resultOwnership": "none",
	}, &result)
	if err == nil && result.Type != "success" {
		err = errors.New(result.ExceptionDetails.Text)
	}
	return result.Result.Value, err
}
