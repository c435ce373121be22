package main

import (
	"path/filepath"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecrassets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"calotype/worker"
)

// stopTime is how long a task has to stop: the worker's grace period, plus time to requeue
// its jobs.
const stopTime = 15

// newWorkers runs the workers' container on Fargate.
func newWorkers(home *stack, s settings, q queues, distribution awscloudfront.Distribution) awsecs.FargateService {
	network := newNetwork(home)
	cluster := awsecs.NewCluster(home.Stack, jsii.String("Cluster"), &awsecs.ClusterProps{
		Vpc: network.vpc,
		// RunningTaskCount, by which scaling divides, is one of its metrics.
		ContainerInsightsV2:            awsecs.ContainerInsights_ENABLED,
		EnableFargateCapacityProviders: jsii.Bool(true),
	})
	service := awsecs.NewFargateService(home.Stack, jsii.String("Workers"), &awsecs.FargateServiceProps{
		Cluster:                    cluster,
		TaskDefinition:             newTask(home, s, q, distribution),
		VpcSubnets:                 &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PUBLIC},
		AssignPublicIp:             jsii.Bool(true), // For connections to SQS; nothing may connect to it.
		SecurityGroups:             &[]awsec2.ISecurityGroup{network.outward},
		CapacityProviderStrategies: capacity(s),
		MinHealthyPercent:          jsii.Number(100),
		MaxHealthyPercent:          jsii.Number(200),
		CircuitBreaker:             &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
		EnableECSManagedTags:       jsii.Bool(true),
		PropagateTags:              awsecs.PropagatedTagSource_SERVICE,
	})
	// A task that cannot fetch its image would otherwise count as a broken deployment.
	service.Node().AddDependency(cluster, network.vpc.InternetConnectivityEstablished())
	scale(home, s, q, service)
	return service
}

// capacity keeps one task that AWS does not reclaim. Before AWS reclaims a task it sends
// SIGTERM, on which workers stop, two minutes ahead.
func capacity(s settings) *[]*awsecs.CapacityProviderStrategy {
	if !s.Spot {
		return &[]*awsecs.CapacityProviderStrategy{{CapacityProvider: jsii.String("FARGATE"), Weight: jsii.Number(1)}}
	}
	return &[]*awsecs.CapacityProviderStrategy{
		{CapacityProvider: jsii.String("FARGATE"), Base: jsii.Number(1), Weight: jsii.Number(0)},
		{CapacityProvider: jsii.String("FARGATE_SPOT"), Weight: jsii.Number(1)},
	}
}

func newTask(home *stack, s settings, q queues, distribution awscloudfront.Distribution) awsecs.FargateTaskDefinition {
	task := awsecs.NewFargateTaskDefinition(home.Stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{
		Cpu:            jsii.Number(s.CPU),
		MemoryLimitMiB: jsii.Number(s.Memory),
		TaskRole:       workerRole(home, s, q, distribution),
		RuntimePlatform: &awsecs.RuntimePlatform{
			CpuArchitecture:       awsecs.CpuArchitecture_X86_64(),
			OperatingSystemFamily: awsecs.OperatingSystemFamily_LINUX(),
		},
	})
	environment := map[string]*string{
		"AWS_REGION":               &s.Region,
		"CALOTYPE_BUCKET":          home.Bucket,
		"CALOTYPE_RESIZED_PREFIX":  home.Folder,
		"CALOTYPE_QUALITY":         home.Quality,
		"CALOTYPE_QUEUE_URL":       q.jobs.QueueUrl(),
		"CALOTYPE_DEAD_LETTER_URL": q.dead.QueueUrl(),
	}
	if q.events != nil {
		environment["CALOTYPE_EVENTS_QUEUE_URL"] = q.events.QueueUrl()
	}
	if q.backfill != nil {
		environment["CALOTYPE_BACKFILL_QUEUE_URL"] = q.backfill.QueueUrl()
	}
	if s.OnUpload != "" {
		environment["CALOTYPE_ON_UPLOAD"] = &s.OnUpload
	}
	if s.Purge {
		environment["CALOTYPE_PURGE_DISTRIBUTION"] = distribution.DistributionId()
	}
	linux := awsecs.NewLinuxParameters(home.Stack, jsii.String("Linux"), nil)
	linux.DropCapabilities(awsecs.Capability_ALL)
	container := task.AddContainer(jsii.String("worker"), &awsecs.ContainerDefinitionOptions{
		Image: awsecs.ContainerImage_FromAsset(jsii.String(root), &awsecs.AssetImageProps{
			File:      jsii.String(filepath.Join("deployments", "docker", "Dockerfile")),
			Platform:  awsecrassets.Platform_LINUX_AMD64(),
			BuildArgs: &map[string]*string{"PRESETS": &s.PresetsFile},
		}),
		Environment:            &environment,
		ReadonlyRootFilesystem: jsii.Bool(true),
		LinuxParameters:        linux,
		HealthCheck: &awsecs.HealthCheck{
			Command:     jsii.Strings("CMD", "/usr/bin/calotype", "health"),
			Interval:    awscdk.Duration_Seconds(jsii.Number(10)),
			StartPeriod: awscdk.Duration_Seconds(jsii.Number(30)),
		},
		StopTimeout: awscdk.Duration_Seconds(jsii.Number(worker.Defaults().Grace.Seconds() + stopTime)),
		Logging: awsecs.LogDrivers_AwsLogs(&awsecs.AwsLogDriverProps{
			StreamPrefix: jsii.String("worker"),
			// Problems with logs must not stop the work.
			Mode: awsecs.AwsLogDriverMode_NON_BLOCKING,
			LogGroup: awslogs.NewLogGroup(home.Stack, jsii.String("WorkerLog"), &awslogs.LogGroupProps{
				Retention:     awslogs.RetentionDays_ONE_MONTH,
				RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
			}),
		}),
	})
	// libvips may write temporary files, and the root is read-only. In the image every user
	// may write there.
	task.AddVolume(&awsecs.Volume{Name: jsii.String("tmp")})
	container.AddMountPoints(&awsecs.MountPoint{ContainerPath: jsii.String("/tmp"), SourceVolume: jsii.String("tmp"), ReadOnly: jsii.Bool(false)})
	return task
}
