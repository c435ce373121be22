// Program edge-lambda is "calotype edge" as a Lambda function with a function URL, for the
// function mode. It answers what the bucket does not, and sends jobs. Its settings are the
// variables of "calotype edge"; the presets are built in. It listens on no address and has
// no metrics: Lambda has its own.
//
// The function URL must have the invoke mode RESPONSE_STREAM. docs/function-mode.md says how
// it is deployed.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/alecthomas/kong"
	"github.com/aws/aws-lambda-go/lambdaurl"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/edge/origin"
	"calotype/queue"
)

// presets is a presets file in base64, set by the linker; empty for the default.
var presets string

func main() {
	log := zerolog.New(os.Stderr)
	handler, err := newHandler(context.Background(), presets, log)
	if err != nil {
		log.Fatal().Err(err).Msg("start") // Lambda starts it again.
	}
	lambdaurl.Start(handler)
}

// newHandler reads the settings from the environment.
func newHandler(ctx context.Context, presets string, log zerolog.Logger) (http.Handler, error) {
	var s settings
	parser, err := kong.New(&s, kong.DefaultEnvars("CALOTYPE"), kong.Exit(func(int) {}))
	if err != nil {
		return nil, err
	}
	if _, err := parser.Parse(nil); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	table, err := calotype.BuiltInPresets(presets)
	if err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("AWS settings: %w", err)
	}
	store := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil // Other stores have one host for all buckets.
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	sender := sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.HTTPClient = queue.WholeResponses{Client: o.HTTPClient} })
	more := s.origin()
	if s.BackfillURL != "" {
		more.LowPriority = queue.New(sender, s.BackfillURL)
	}
	return finished{origin.New(s.rules(table), store, s.Bucket, queue.New(sender, s.QueueURL), log.Level(s.LogLevel), more)}, nil
}

// finished ends a response only after its job is sent. Lambda freezes the process when the
// response has ended, and a frozen process sends nothing. The viewer has all bytes before.
type finished struct{ *origin.Origin }

func (f finished) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer f.Wait()
	f.Origin.ServeHTTP(w, r)
}
