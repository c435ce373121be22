package hermetic

import (
	"context"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestMain sets the environment of a developer with a real account.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "token",
		"AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_ENDPOINT_URL_S3": "https://s3.example.com", "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "regional",
		"CALOTYPE_BUCKET": "pictures", "CALOTYPE_QUALITY": "nonsense", "CALOTYPE_TEST_CHILD": "1",
	} {
		os.Setenv(name, value)
	}
	Main(m)
}

func TestEnvironment(t *testing.T) {
	for _, name := range []string{"AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "CALOTYPE_BUCKET", "CALOTYPE_QUALITY"} {
		if value, set := os.LookupEnv(name); set {
			t.Errorf("%s is still %q", name, value)
		}
	}
	if os.Getenv("AWS_REGION") != "us-east-1" || os.Getenv("CALOTYPE_TEST_CHILD") != "1" {
		t.Errorf("AWS_REGION %q, CALOTYPE_TEST_CHILD %q", os.Getenv("AWS_REGION"), os.Getenv("CALOTYPE_TEST_CHILD"))
	}
}

// An SDK client that no test gave a server to calls the loopback address.
func TestSDKStaysHere(t *testing.T) {
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil || credentials.AccessKeyID != "calotype" {
		t.Errorf("got %+v, %v", credentials, err)
	}
	bucket := "pictures"
	_, err = s3.NewFromConfig(cfg, func(o *s3.Options) { o.RetryMaxAttempts, o.UsePathStyle = 1, true }).
		HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &bucket})
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:9") {
		t.Errorf("got %v, want a refused connection to 127.0.0.1:9", err)
	}
}

func TestNetwork(t *testing.T) {
	if addresses, err := net.DefaultResolver.LookupHost(context.Background(), "s3.us-east-1.amazonaws.com"); err == nil {
		t.Errorf("a name resolves to %v", addresses)
	}
	for _, url := range []string{"http://192.0.2.1/", "http://example.com/", "http://[2001:db8::1]/"} {
		if _, err := http.Get(url); err == nil || !strings.Contains(err.Error(), "loopback addresses only") {
			t.Errorf("%s: got %v", url, err)
		}
	}
}
