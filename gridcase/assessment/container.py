"""Reading a package that somebody hands in: a zip that may be damaged, packed anew, or made to do harm.

Says which members there are and reads them piece by piece; nothing is unpacked to a disk, nothing is read beyond what
it says it holds, and what is hidden beside the members is found. It knows no manifest.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from gridcase.domain.errors import Problem

#: A month of a large city, workbook included, is far below.
MOST_BYTES = 8 << 30
MOST_MEMBERS = 2_000
#: Nothing that we write shrinks further; what claims to is made to fill a disk.
MOST_RATIO = 300
_CHUNK = 1 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_DESCRIPTOR_FLAG = 0x8
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_ZIP64_TAIL = 56 + 20
#: Stands for a size that is told in the longer header.
_IN_EXTRA = 0xFFFFFFFF
_DESCRIPTORS = (0, 12, 16, 20, 24)
#: What reading a damaged archive may raise.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
    struct.error,
    OverflowError,
)


class Container:
    """An open archive.

    Parameters
    ----------
    file
        At its whole length; read again and again.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._archive = zipfile.ZipFile(file)
        self.entries = {info.filename: info for info in self._archive.infolist() if not _is_folder(info)}

    def problems(self) -> Iterator[Problem]:
        """Say what is wrong with the archive itself; a repeated name is named once for every repetition."""
        seen: set[str] = set()
        for info in self._archive.infolist():
            if info.filename in seen:
                yield Problem(code="member_twice", params={"member": info.filename})
            seen.add(info.filename)
        if not self._is_covered():
            yield Problem(code="package_hides")

    def is_bearable(self) -> bool:
        """Tell whether reading every member does no harm."""
        infos = self._archive.infolist()
        size = sum(info.file_size for info in infos)
        packed = sum(info.compress_size for info in infos)
        return (
            len(infos) <= MOST_MEMBERS
            and size <= MOST_BYTES
            and size <= packed * MOST_RATIO + _CHUNK
            and all(info.compress_type in _METHODS and not info.flag_bits & _ENCRYPTED for info in infos)
        )

    def chunks(self, name: str) -> Iterator[bytes]:
        """Read a member piece by piece.

        Raises
        ------
        zipfile.BadZipFile, zlib.error, EOFError
            It is damaged.
        """
        with self._archive.open(self.entries[name]) as member:
            while chunk := member.read(_CHUNK):
                yield chunk

    def open(self, name: str) -> IO[bytes]:
        """Open a member for reading."""
        return self._archive.open(self.entries[name])

    def folders(self) -> list[str]:
        """Return the folders that another program noted as entries of their own."""
        return [info.filename for info in self._archive.infolist() if _is_folder(info)]

    def _is_covered(self) -> bool:
        """Tell whether every byte belongs to a member or to the archive's own records."""
        end = 0
        slack: tuple[int, ...] = (0,)
        for info in sorted(self._archive.infolist(), key=lambda info: info.header_offset):
            if info.header_offset - end not in slack:
                return False
            self._file.seek(info.header_offset)
            header = _LOCAL.unpack(self._file.read(_LOCAL.size))
            if not _agrees(header, info):
                return False
            end = info.header_offset + _LOCAL.size + header[-2] + header[-1] + info.compress_size
            slack = _DESCRIPTORS if header[2] & _DESCRIPTOR_FLAG else (0,)
        return self._archive.start_dir - end in slack and self._is_directory_last()

    def _is_directory_last(self) -> bool:
        place = self._archive.start_dir
        for _ in self._archive.infolist():
            self._file.seek(place)
            record = _CENTRAL.unpack(self._file.read(_CENTRAL.size))
            place += _CENTRAL.size + record[10] + record[11] + record[12]
        return self._file.seek(0, 2) - place in (_END.size, _END.size + _ZIP64_TAIL)


def _agrees(header: tuple[int, ...], info: zipfile.ZipInfo) -> bool:
    """Tell whether an entry's own header says what the directory says of it, so that every program reads the same."""
    _, _, flags, method, _, _, crc, packed, size, _, _ = header
    if (flags, method) != (info.flag_bits, info.compress_type):
        return False
    if flags & _DESCRIPTOR_FLAG:
        return True
    sizes = {(packed, info.compress_size), (size, info.file_size)}
    return crc == info.CRC and all(here in (there, _IN_EXTRA) for here, there in sizes)


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return info.filename.endswith("/") and info.file_size == 0
