package lambdaedge

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

var role = aws.Credentials{AccessKeyID: "ASIAROLE", SecretAccessKey: "role's secret", SessionToken: "role's token"}

// TestRealEndpoints lets the function connect to the production host names, over TLS and
// with a role's credentials. The driver redirects the connections to this machine;
// certificates and signatures are checked.
func TestRealEndpoints(t *testing.T) {
	for _, node := range nodes {
		t.Run(node, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var calls []string
			hosts := newHosts(t, func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				region, service := "eu-west-1", "s3"
				if r.Method == http.MethodPost {
					region, service = "us-east-2", "sqs"
				}
				checkSignature(t, r, service, region)
				calls = append(calls, r.Method+" "+r.Host+r.URL.EscapedPath())
				if strings.Contains(r.URL.Path, "resized") {
					w.WriteHeader(http.StatusNotFound)
				}
			})
			f := start(t, node, unpack(t),
				"AWS_ENDPOINT_URL_S3=", "AWS_ENDPOINT_URL_SQS=", "NODE_EXTRA_CA_CERTS="+hosts.authority, "REDIRECT_TO="+hosts.port,
				"AWS_ACCESS_KEY_ID="+role.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+role.SecretAccessKey, "AWS_SESSION_TOKEN="+role.SessionToken)
			for bucket, want := range map[string][]string{
				"pictures":     {"HEAD pictures.s3.eu-west-1.amazonaws.com/resized/M/a%20b.jpg", "HEAD pictures.s3.eu-west-1.amazonaws.com/a%20b.jpg", "POST sqs.us-east-2.amazonaws.com/"},
				"our.pictures": {"HEAD s3.eu-west-1.amazonaws.com/our.pictures/resized/M/a%20b.jpg", "HEAD s3.eu-west-1.amazonaws.com/our.pictures/a%20b.jpg", "POST sqs.us-east-2.amazonaws.com/"},
			} {
				event := request("/a%20b.jpg", "size=M", map[string]string{
					"X-Env-Bucket-Name": bucket, "X-Env-Resized-Path": "resized", "X-Env-Queue-Url": "https://sqs.us-east-2.amazonaws.com/1/q",
				})
				inner(event)["request"].(object)["origin"].(object)["s3"].(object)["domainName"] = bucket + ".s3.eu-west-1.amazonaws.com"
				f.handle(event)
				mu.Lock()
				if fmt.Sprint(calls) != fmt.Sprint(want) {
					t.Errorf("%s: got calls %v, want %v; %s", bucket, calls, want, f.log.take())
				}
				calls = nil
				mu.Unlock()
			}
		})
	}
}

// checkSignature signs the request again, as the SDK does, and compares.
func checkSignature(t *testing.T, r *http.Request, service, region string) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
		return
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("signed at %q: %v", r.Header.Get("X-Amz-Date"), err)
	}
	again, err := http.NewRequestWithContext(t.Context(), r.Method, "https://"+r.Host+r.URL.EscapedPath(), bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	got := r.Header.Get("Authorization")
	_, rest, _ := strings.Cut(got, "SignedHeaders=")
	signed, _, _ := strings.Cut(rest, ",")
	for name := range strings.SplitSeq(signed, ";") {
		if values := r.Header.Values(name); len(values) > 0 {
			again.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	hash := fmt.Sprintf("%x", sha256.Sum256(body))
	err = v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).SignHTTP(t.Context(), role, again, hash, service, region, at)
	if want := again.Header.Get("Authorization"); err != nil || got != want || r.Header.Get("X-Amz-Security-Token") != role.SessionToken {
		t.Errorf("%s %s: signed %s\nwant %s: %v", r.Method, r.URL, got, want, err)
	}
}

// hosts is a TLS server with a certificate for AWS's host names.
type hosts struct{ authority, port string }

func newHosts(t *testing.T, handler http.HandlerFunc) hosts {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{"*.s3.eu-west-1.amazonaws.com", "s3.eu-west-1.amazonaws.com", "sqs.us-east-2.amazonaws.com"},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	authority := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(handler)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.StartTLS()
	t.Cleanup(s.Close)
	_, port, _ := strings.Cut(s.Listener.Addr().String(), ":")
	return hosts{authority, port}
}
