module calotype

go 1.26.0

require (
	github.com/alecthomas/kong v1.13.0
	github.com/aws/aws-sdk-go-v2 v1.47.7
	github.com/aws/aws-sdk-go-v2/config v1.33.14
	github.com/aws/aws-sdk-go-v2/credentials v1.20.14
	github.com/aws/aws-sdk-go-v2/service/s3 v1.114.8
	github.com/aws/aws-sdk-go-v2/service/sqs v1.52.10
	github.com/aws/smithy-go v1.28.8
	github.com/davidbyttow/govips/v2 v2.18.0
	github.com/rs/zerolog v1.35.1
	golang.org/x/image v0.38.0
	golang.org/x/sync v0.24.0
)

require (
	golang.org/x/net v0.52.0 // indirect
	golang.org/x/text v0.35.0 // indirect
)
