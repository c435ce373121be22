package main

import (
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"calotype/worker"
)

// settings checks a queue's own settings.
func (p preflight) settings(name, on string, attributes map[string]string) []checkOutcome {
	redrive, retention := checkOutcome{"redrive policy", on, resultOK, ""}, checkOutcome{"retention", on, resultOK, ""}
	var policy struct {
		Receives json.Number `json:"maxReceiveCount"`
		Target   string      `json:"deadLetterTargetArn"`
	}
	text := attributes["RedrivePolicy"]
	if err := json.Unmarshal([]byte(text), &policy); text != "" && err != nil {
		redrive.Result, redrive.Detail = resultWarning, "cannot be read: "+err.Error()
	}
	receives, _ := policy.Receives.Int64()
	dead := path.Base(p.DeadLetterURL)
	switch target := policy.Target[strings.LastIndexByte(policy.Target, ':')+1:]; {
	case name == "dead" && text != "":
		redrive.Result, redrive.Detail = resultFailed, "a dead-letter queue must have none: each inspection counts as a receive"
	case name == "dead" || redrive.Result != resultOK:
	case text == "":
		redrive.Result, redrive.Detail = resultFailed, fmt.Sprintf("there is none: let it move messages to %s after %d receives", dead, worker.MaxReceives)
	case target != dead:
		redrive.Result, redrive.Detail = resultFailed, fmt.Sprintf("it moves messages to %s, and not to --dead-letter-url", target)
	case receives < 3:
		redrive.Result, redrive.Detail = resultWarning, fmt.Sprintf("it gives up after %d receives: use %d", receives, worker.MaxReceives)
	}
	seconds, _ := strconv.Atoi(attributes["MessageRetentionPeriod"])
	if kept := time.Duration(seconds) * time.Second; kept < maxRetention {
		retention.Result, retention.Detail = resultWarning, fmt.Sprintf("messages are deleted after %d h: use 14 days, the maximum", kept/time.Hour)
	}
	return []checkOutcome{redrive, retention}
}

// maxRetention is the maximum retention of SQS, which queues should have.
const maxRetention = 14 * 24 * time.Hour
