// Package hermetic keeps tests on this machine. A package whose tests open connections
// or start processes calls it in TestMain, directly or through awstest:
//
//	func TestMain(m *testing.M) { hermetic.Main(m) }
package hermetic

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

// Main runs a package's tests in isolation and exits.
func Main(m *testing.M) {
	Isolate()
	os.Exit(m.Run())
}

// kept are the variables that tests themselves read. Every other CALOTYPE_ variable is a
// flag of the program; tests set the flags that they need.
var kept = []string{"CALOTYPE_SOAK", "CALOTYPE_CORPUS", "CALOTYPE_SCREENSHOTS", "CALOTYPE_CONFORMANCE_SQS"}

// Isolate removes the developer's AWS and Calotype settings from the environment, and so
// from that of child processes. Every AWS client then has invalid credentials and, unless
// a test names a server, an endpoint on which nothing listens. In this process no host
// name is resolved, and the default HTTP client connects to loopback addresses only.
func Isolate() {
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		flag := strings.HasPrefix(name, "CALOTYPE_") && !strings.HasPrefix(name, "CALOTYPE_TEST_") && !slices.Contains(kept, name)
		if flag || strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name)
		}
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL":            "http://127.0.0.1:9", // The discard port.
		"AWS_REGION":                  "us-east-1",
		"AWS_ACCESS_KEY_ID":           "calotype",
		"AWS_SECRET_ACCESS_KEY":       "calotype-local",
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED":   "true",
	} {
		os.Setenv(name, value)
	}
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(_ context.Context, network, address string) (net.Conn, error) {
		return nil, fmt.Errorf("tests resolve no names: %s %s", network, address)
	}}
	http.DefaultTransport.(*http.Transport).DialContext = dial
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("tests connect to loopback addresses only: %s", address)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}
