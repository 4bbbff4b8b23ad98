// A log by Go's own golang.org/x/mod/sumdb/{tlog,note}: entries appended in batches, each of them durable and
// published before the next begins. Prints {"seconds": [one a batch], "root": base64} as JSON.
//
//	peer BATCHES BATCH_SIZE ENTRY_SIZE FOLDER ENTRIES_FILE
//
// A batch is durable when every tile and every bundle of entries of the new tree has been written to a temporary
// name, synced and renamed, and the directories that name them are synced; then the signed checkpoint the same way.
// Files are written by as many goroutines as there may be useful: a sync waits for the disk, not for the processor.
// It keeps no write-ahead copy of a batch and no compare-and-swap head: that is less work than ours.
package main

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height    = 8
	width     = 1 << height
	parallel  = 16
	logOrigin = "ledger.example/benchmark"
)

// store keeps all stored hashes in memory, in the order of tlog.StoredHashIndex, and the entries of the last bundle.
type store struct {
	folder string
	hashes []tlog.Hash
	size   int64
	bundle []byte
	signer note.Signer
	made   map[string]bool
}

func (s *store) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = s.hashes[index]
	}
	return found, nil
}

// file is one object of the new tree.
type file struct {
	path string
	data []byte
}

func (s *store) append(entries [][]byte) (tlog.Hash, error) {
	before := s.size
	var files []file
	for _, entry := range entries {
		added, err := tlog.StoredHashes(s.size, entry, s)
		if err != nil {
			return tlog.Hash{}, err
		}
		s.hashes = append(s.hashes, added...)
		s.bundle = binary.BigEndian.AppendUint16(s.bundle, uint16(len(entry)))
		s.bundle = append(s.bundle, entry...)
		s.size++
		if s.size%width == 0 {
			files = append(files, s.bundleFile(s.size/width-1, width))
			s.bundle = nil
		}
	}
	if rest := int(s.size % width); rest != 0 {
		files = append(files, s.bundleFile(s.size/width, rest))
	}
	for _, tile := range tlog.NewTiles(height, before, s.size) {
		data, err := tlog.ReadTileData(tile, s)
		if err != nil {
			return tlog.Hash{}, err
		}
		files = append(files, file{tile.Path(), data})
	}
	if err := s.write(files); err != nil {
		return tlog.Hash{}, err
	}
	return s.publish()
}

func (s *store) bundleFile(number int64, count int) file {
	return file{tlog.Tile{H: height, L: -1, N: number, W: count}.Path(), s.bundle}
}

func (s *store) publish() (tlog.Hash, error) {
	root, err := tlog.TreeHash(s.size, s)
	if err != nil {
		return root, err
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", logOrigin, s.size, root)
	signed, err := note.Sign(&note.Note{Text: text}, s.signer)
	if err != nil {
		return root, err
	}
	return root, s.write([]file{{"checkpoint", signed}})
}

// write makes all files durable under their names, then the names.
func (s *store) write(files []file) error {
	folders := map[string]bool{}
	for _, each := range files {
		folder := filepath.Dir(filepath.Join(s.folder, each.path))
		folders[folder] = true
		if !s.made[folder] {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return err
			}
			s.made[folder] = true
			folders[filepath.Dir(folder)] = true
		}
	}
	var group sync.WaitGroup
	errs := make(chan error, len(files))
	free := make(chan struct{}, parallel)
	for _, each := range files {
		group.Add(1)
		free <- struct{}{}
		go func() {
			defer group.Done()
			errs <- writeOne(filepath.Join(s.folder, each.path), each.data)
			<-free
		}()
	}
	group.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	for folder := range folders {
		if err := syncFolder(folder); err != nil {
			return err
		}
	}
	return nil
}

func writeOne(path string, data []byte) error {
	temporary := path + ".tmp"
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func run(arguments []string) error {
	var numbers [3]int
	for i := range numbers {
		number, err := strconv.Atoi(arguments[i])
		if err != nil {
			return err
		}
		numbers[i] = number
	}
	batches, batch, size := numbers[0], numbers[1], numbers[2]
	key, _, err := note.GenerateKey(rand.Reader, logOrigin)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(key)
	if err != nil {
		return err
	}
	source, err := os.Open(arguments[4])
	if err != nil {
		return err
	}
	defer source.Close()
	reader := bufio.NewReader(source)
	s := &store{folder: arguments[3], signer: signer, made: map[string]bool{}}
	var seconds []float64
	var root tlog.Hash
	for range batches {
		entries := make([][]byte, batch)
		for i := range entries {
			entries[i] = make([]byte, size)
			if _, err := io.ReadFull(reader, entries[i]); err != nil {
				return err
			}
		}
		start := time.Now()
		if root, err = s.append(entries); err != nil {
			return err
		}
		seconds = append(seconds, time.Since(start).Seconds())
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"seconds": seconds,
		"root":    base64.StdEncoding.EncodeToString(root[:]),
	})
}

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: peer BATCHES BATCH_SIZE ENTRY_SIZE FOLDER ENTRIES_FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
