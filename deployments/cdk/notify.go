package main

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
)

// notifyTarget returns the workers' --notify: the context, but for the name of a bus, which
// becomes its ARN in this account and Region.
func notifyTarget(s settings) string {
	if strings.Contains(s.Notify, ":") {
		return s.Notify
	}
	return fmt.Sprintf("arn:aws:events:%s:%s:event-bus/%s", s.Region, *awscdk.Aws_ACCOUNT_ID(), s.Notify)
}

// mayNotify returns the actions that workers need for their notifications, and on what.
func mayNotify(s settings) (actions []string, resource string) {
	queue, isQueue := strings.CutPrefix(s.Notify, "https://sqs.")
	if !isQueue {
		return []string{"events:PutEvents"}, notifyTarget(s)
	}
	host, path, _ := strings.Cut(queue, "/")
	region, _, _ := strings.Cut(host, ".")
	return []string{"sqs:SendMessage", "sqs:GetQueueAttributes"}, fmt.Sprintf("arn:aws:sqs:%s:%s", region, strings.ReplaceAll(path, "/", ":"))
}
