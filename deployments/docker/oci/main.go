// Command oci makes a container image from a root folder, without a daemon:
//
//	oci --dockerfile Dockerfile --root ROOT --image image.tar --sbom sbom.json
//
// The root is what rootfs.sh lays out. The image's settings are those of the Dockerfile's
// last stage. The same root and time give the same bytes: files are sorted, belong to root,
// and have the time of --time. The image is an archive that "docker load", "podman load",
// "skopeo copy docker-archive:" and "crane push" read.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

type options struct {
	dockerfile, root, image, sbom, tag, architecture string
	created                                          time.Time
}

func main() {
	var o options
	var seconds int64
	flag.StringVar(&o.dockerfile, "dockerfile", "", "the Dockerfile whose last stage has the image's settings")
	flag.StringVar(&o.root, "root", "", "the folder that becomes the image's root")
	flag.StringVar(&o.image, "image", "", "the archive to write")
	flag.StringVar(&o.sbom, "sbom", "", "the list of packages and modules to write, as CycloneDX JSON")
	flag.StringVar(&o.tag, "tag", "calotype:latest", "the image's name")
	flag.StringVar(&o.architecture, "architecture", "amd64", "the image's architecture, as Go calls it")
	flag.Int64Var(&seconds, "time", 0, "the time of the image and all files, in seconds since 1970")
	flag.Parse()
	o.created = time.Unix(seconds, 0).UTC()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "oci:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	if o.dockerfile == "" || o.root == "" || o.image == "" || o.sbom == "" {
		return errors.New("--dockerfile, --root, --image and --sbom are needed")
	}
	image, err := build(o)
	if err != nil {
		return err
	}
	reference, err := name.NewTag(o.tag)
	if err != nil {
		return fmt.Errorf("--tag: %w", err)
	}
	if err := tarball.WriteToFile(o.image, reference, image); err != nil {
		return fmt.Errorf("write the image: %w", err)
	}
	if err := writeSBOM(o); err != nil {
		return fmt.Errorf("write the SBOM: %w", err)
	}
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	manifest, err := image.Manifest()
	if err != nil {
		return err
	}
	var size int64
	for _, layer := range manifest.Layers {
		size += layer.Size
	}
	fmt.Printf("%s: %s, %.1f MB compressed\n", o.image, digest, float64(size)/1e6)
	return nil
}

// build returns the image: the libraries in one layer and the programs in another, so that a
// new version of the program is a small download.
func build(o options) (v1.Image, error) {
	config, err := readDockerfile(o.dockerfile)
	if err != nil {
		return nil, err
	}
	libraries, programs, err := layers(o.root, o.created)
	if err != nil {
		return nil, err
	}
	image, err := mutate.Append(empty.Image,
		mutate.Addendum{Layer: libraries, History: v1.History{Created: v1.Time{Time: o.created}, CreatedBy: "rootfs.sh: libraries"}},
		mutate.Addendum{Layer: programs, History: v1.History{Created: v1.Time{Time: o.created}, CreatedBy: "rootfs.sh: programs"}})
	if err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file.OS, file.Architecture, file.Created, file.Config = "linux", o.architecture, v1.Time{Time: o.created}, config
	return mutate.ConfigFile(image, file)
}
