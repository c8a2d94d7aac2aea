package doctor

import "golang.org/x/sys/unix"

// networks are the numbers of file systems on other machines, as statfs(2) lists them.
var networks = map[int64]bool{
	0x6969:     true, // NFS
	0x517B:     true, // SMB
	0xFE534D42: true, // SMB 2
	0xFF534D42: true, // CIFS
	0x01021997: true, // 9P
	0x00C36400: true, // Ceph
	0x5346414F: true, // AFS
}

// diskOf tells where a folder lies.
func diskOf(folder string) (disk, bool) {
	var at unix.Statfs_t
	if err := unix.Statfs(folder, &at); err != nil {
		return disk{}, false
	}
	size := int64(at.Bsize) //nolint:unconvert // narrower on other processors
	return disk{free: int64(at.Bavail) * size, network: networks[int64(at.Type)]}, true
}
