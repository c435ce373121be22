package page

import (
	"calotype"
	"calotype/worker/deadletter"
	classes "calotype/worker/failure"
)

// remedies say what to do about a reason, in one sentence; docs/dead-letters.md has more.
var remedies = map[string]string{
	classes.UnsupportedFormat: "Upload it in another format, or rename it without an image extension.",
	classes.Corrupt:           "Upload the picture again: nothing in this file can be decoded.",
	classes.TooManyBytes:      "Raise --max-bytes of the workers and replay, or upload a smaller file.",
	classes.TooManyPixels:     "Raise --max-pixels of the workers and replay, or upload a smaller picture.",
	classes.TooManyFrames:     "Raise --max-frames of the workers and replay, or upload a shorter animation.",
	classes.TooManyScans:      "Save the picture again with another program and upload that.",
	classes.TooManyChunks:     "Save the picture again with another program and upload that.",
	classes.TooManyChannels:   "Save the picture with at most 5 channels and upload that.",
	classes.DerivedImages:     "Save the picture again with another program and upload that.",
	classes.SizeMismatch:      "Save the picture again with another program and upload that.",
	classes.TooSlow:           "Replay it.",
	classes.TooMuchTime:       "Raise --max-cpu of the workers and replay, or leave it: it may have been made to waste CPU time.",
	classes.TooMuchMemory:     "Give the workers more memory (--memory) and replay.",
	classes.CrashesDecoder:    "Keep the picture and report it. After an upgrade of libvips, replay.",
	classes.PoisonMessage:     "Keep the picture and look at how its workers ended. Then replay it alone.",
	classes.MalformedJob:      "Find out who sends messages that are not jobs, and purge it.",
	classes.UnknownVariant:    "Give the edge and the workers the same presets, then replay.",
	classes.UnknownJobVersion: "Upgrade the workers, then replay.",
	classes.Forbidden:         "Add the permission that calotype status names, then replay.",
	classes.Archived:          "Restore the picture or move it to another storage class, then replay.",
	classes.KMSKey:            "Enable the key and allow the workers to use it, then replay.",
	classes.NotImplemented:    "Use a store with conditional writes and ETags, then replay.",
	classes.Refused:           "Fix the cause that the store names, then replay.",
	classes.RetriedTooLong:    "Replay it, now that the service responds again.",
	classes.Undelivered:       "The rendition is there, and only its notification is missing: replay it when the bus accepts notifications again.",
	classes.Internal:          "Report the detail. After an upgrade, replay.",
	deadletter.ClassRedriven:  "Search the workers' log for its message, then replay it alone.",
	deadletter.ClassNone:      "Another program sent it: purge it with calotype dlq purge.",

	classes.NotificationRefused: "Let the workers send to the bus of --notify, or correct that setting, then replay: only the notification is missing.",

	calotype.CopyAsIs:      "Nothing: the original is smaller than a rendition of the same format would be, and has no metadata.",
	calotype.CopyAnimation: "Nothing: the libraries cannot decode this animation, so the copy is the original, and keeps moving.",
}
