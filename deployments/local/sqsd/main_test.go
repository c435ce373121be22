package sqsd_test

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"testing"

	"calotype/deployments/local/sqsd"
	"calotype/internal/hermetic"
)

// serveEnv, if set, makes the test binary a server of the named file, so that a test can
// kill it.
const serveEnv = "SQSD_TEST_SERVE"

func TestMain(m *testing.M) {
	if path := os.Getenv(serveEnv); path != "" {
		if err := serveChild(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if os.Getenv("CALOTYPE_CONFORMANCE_SQS") == "" { // The only test that may use a real account.
		hermetic.Isolate()
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "64"); err != nil { // parallel tests spend their time waiting
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// serveChild prints its address and serves until it is killed.
func serveChild(path string) error {
	s, err := sqsd.Open(sqsd.Config{Path: path, AccessKey: accessKey, SecretKey: secretKey, Region: region})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + l.Addr().String())
	return http.Serve(l, s)
}
