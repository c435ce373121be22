package sqsd_test

import (
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// checks are the guarantees of SQS that Calotype relies on. They are independent of this
// server: each gets a client, makes its own queues, and waits as long as the real SQS may
// need.
var checks = map[string]func(*testing.T, *sqs.Client){
	"queue life":                   checkQueueLife,
	"queue missing":                checkQueueMissing,
	"queue attributes":             checkQueueAttributes,
	"queue attributes refused":     checkQueueAttributesRefused,
	"queue list":                   checkQueueList,
	"redrive policy":               checkRedrivePolicy,
	"send receive delete":          checkSendReceiveDelete,
	"message attributes":           checkMessageAttributes,
	"message attribute filters":    checkMessageAttributeFilters,
	"message refused":              checkMessageRefused,
	"message size":                 checkMessageSize,
	"message characters":           checkMessageCharacters,
	"message group":                checkMessageGroup,
	"batch":                        checkBatches,
	"batch partly failed":          checkBatchPartlyFailed,
	"batch refused":                checkBatchRefused,
	"receive refused":              checkReceiveRefused,
	"delay of a message":           checkMessageDelay,
	"delay of a queue":             checkQueueDelay,
	"poll waits":                   checkPollWaits,
	"poll wakes":                   checkPollWakes,
	"visibility expires":           checkVisibilityExpires,
	"visibility extended":          checkVisibilityExtended,
	"visibility released":          checkVisibilityReleased,
	"visibility in batches":        checkVisibilityBatch,
	"visibility refused":           checkVisibilityRefused,
	"dead letters":                 checkDeadLetters,
	"dead letters after a release": checkDeadLettersAfterRelease,
}

// TestConformance runs the checks against this server or, with
// CALOTYPE_CONFORMANCE_SQS=aws, against the SQS of the default credentials and
// Region, where it makes queues named conformance-… and deletes them again.
func TestConformance(t *testing.T) {
	var c *sqs.Client
	switch target := os.Getenv("CALOTYPE_CONFORMANCE_SQS"); target {
	case "":
		c = start(t)
	case "aws":
		cfg, err := config.LoadDefaultConfig(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c = sqs.NewFromConfig(cfg)
	default:
		t.Fatalf("CALOTYPE_CONFORMANCE_SQS is %q, want aws or nothing", target)
	}
	for name, check := range checks {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // a check spends most of its time waiting
			check(t, c)
		})
	}
}
