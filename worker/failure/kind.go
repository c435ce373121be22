package failure

// Kind says what can make the job succeed. It decides what happens to the job.
type Kind int

const (
	// Unknown failures are all other errors, such as a panic. The job has three attempts,
	// minutes apart, and is then rejected as [Internal].
	Unknown Kind = iota
	// Transient failures are failures of a service that may recover: network errors,
	// timeouts, throttling, 5xx, expired credentials. The job is retried for 14 days.
	Transient
	// Permanent failures are caused by a service or a setting, and last until an operator
	// acts. The job is rejected at the first attempt, with the remedy in the detail.
	Permanent
	// Picture failures depend on the source or the job alone. The job is rejected at the
	// first attempt.
	Picture
)

func (k Kind) String() string {
	return [...]string{"unknown", "transient", "permanent", "picture"}[k]
}

// The classes of failures. They are values of a metric label, reasons of dead letters
// and metadata of fallback copies: a name never changes.
const (
	// TooManyBytes is for a source that is not even read; package worker returns it.
	TooManyBytes = "too-many-bytes"
	// For a picture's content; package render returns them.
	UnsupportedFormat = "unsupported-format"
	Corrupt           = "corrupt"
	TooManyPixels     = "too-many-pixels"
	TooManyFrames     = "too-many-frames"
	TooSlow           = "too-slow"
	// TooMuchMemory is for a picture that needs more than the budget. Package worker returns it
	// for a prediction, and package decoder for a process.
	TooMuchMemory = "too-much-memory"
	// For a picture's header; package imageheader returns them, and TooManyFrames.
	TooManyScans    = "too-many-scans"
	TooManyChunks   = "too-many-chunks"
	TooManyChannels = "too-many-channels"
	DerivedImages   = "derived-images"
	SizeMismatch    = "size-mismatch"
	// For a decoder process; package decoder returns them.
	CrashesDecoder = "crashes-decoder"
	TooMuchTime    = "too-much-time"
	// PoisonMessage is for a message whose every attempt crashed its worker.
	PoisonMessage = "poison-message"
	// MalformedJob is for a message that is not a job.
	MalformedJob = "malformed-job"
	// Internal is for a job whose attempts all ended in an error of unknown kind.
	Internal = "internal"

	// UnknownVariant is for a preset that this worker does not have.
	UnknownVariant = "unknown-variant"
	// UnknownJobVersion is for a message that waited too long for a newer worker.
	UnknownJobVersion = "unknown-job-version"
	// Forbidden is for an S3 request that the worker's role may not make.
	Forbidden = "forbidden"
	// Archived is for a source in a storage class that must be restored first.
	Archived = "archived"
	// KMSKey is for a source whose KMS key cannot be used.
	KMSKey = "kms-key"
	// NotImplemented is for a store without a feature that workers need.
	NotImplemented = "not-implemented"
	// Refused is for an S3 request that the store refuses for another reason.
	Refused = "refused"

	// RetriedTooLong is for a job whose transient failures lasted longer than 14 days.
	RetriedTooLong = "retried-too-long"
	// Undelivered is for a notification that the bus did not accept for a day.
	Undelivered = "undelivered"
	// NotificationRefused is for a notification that the bus refused for an hour, and will
	// until an operator acts.
	NotificationRefused = "notification-refused"
)

// Classes maps every class to its kind. docs/dead-letters.md has the same table, and a
// test compares them.
var Classes = map[string]Kind{
	UnsupportedFormat: Picture,
	Corrupt:           Picture,
	TooManyBytes:      Picture,
	TooManyPixels:     Picture,
	TooManyFrames:     Picture,
	TooSlow:           Picture,
	TooMuchMemory:     Picture,
	TooManyScans:      Picture,
	TooManyChunks:     Picture,
	TooManyChannels:   Picture,
	DerivedImages:     Picture,
	SizeMismatch:      Picture,
	CrashesDecoder:    Picture,
	TooMuchTime:       Picture,
	PoisonMessage:     Picture,
	MalformedJob:      Picture,
	Internal:          Unknown,
	UnknownVariant:    Permanent,
	UnknownJobVersion: Permanent,
	Forbidden:         Permanent,
	Archived:          Permanent,
	KMSKey:            Permanent,
	NotImplemented:    Permanent,
	Refused:           Permanent,
	RetriedTooLong:    Transient,
	Undelivered:       Transient,

	NotificationRefused: Permanent,
}
