package metadata

import (
	"testing"

	"calotype/internal/hermetic"
)

func TestMain(m *testing.M) { hermetic.Main(m) }
