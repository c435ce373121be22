package notify

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"calotype/worker/failure"
)

// errEntry is in the error of a notification that the bus refuses for what it contains. The
// bus works: others are accepted.
var errEntry = errors.New("the notification itself is refused")

// remedies say what ends an error that retries do not end. Their words fit after "put
// events: AccessDeniedException: …".
type remedies struct{ access, missing string }

const (
	enableKey = "enable the queue's KMS key, and give the workers' role kms:GenerateDataKey and kms:Decrypt"
	reportIt  = "report it: Calotype sends what this service does not accept"
)

// explain returns an error that lasts until an operator acts as a [failure.Failure] with
// the remedy. Other errors are returned as they are: the bus may recover.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func (r remedies) explain(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	refused := func(remedy string, cause error) error {
		return failure.New(failure.NotificationRefused, "%v: %s", err, remedy).Because(cause)
	}
	switch api.ErrorCode() {
	case "AccessDenied", "AccessDeniedException", "NotAuthorizedForSourceException", "NotAuthorizedForDetailTypeException":
		return refused(r.access, err)
	case "ResourceNotFoundException", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "InvalidAddress":
		return refused(r.missing, err)
	case "KmsAccessDenied", "KmsDisabled", "KmsInvalidKeyUsage", "KmsInvalidState", "KmsNotFound", "KmsOptInRequired":
		return refused(enableKey, err)
	case "InvalidArgument", "MalformedDetail", "InvalidMessageContents", "InvalidParameterValue", "ValidationException":
		return refused(reportIt, fmt.Errorf("%w: %w", errEntry, err))
	}
	return err
}
