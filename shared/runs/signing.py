"""Sign the manifest of a snapshot and demand its signature on every read (decision D8).

Without a signer nothing is signed and without a verifier nothing can be demanded: both are said, never assumed. A crash
between manifest and signature is mended by the step's next attempt, which finds the manifest and signs it.
"""

from __future__ import annotations

import logging

from shared.domain.errors import IntegrityError, NotFoundError
from shared.formats.signatures import decode_signature, encode_signature, signature_name
from shared.ports import Blobs, Signer, Verifier

log = logging.getLogger(__name__)


class Signing:
    """Signatures of the manifests in one vault."""

    def __init__(self, signer: Signer | None = None, verifier: Verifier | None = None) -> None:
        assert signer is None or verifier is not None, "a signature that cannot be checked is not written"
        self._signer, self._verifier = signer, verifier

    @property
    def is_demanded(self) -> bool:
        """Whether a snapshot without a good signature is refused."""
        return self._verifier is not None

    @property
    def is_signing(self) -> bool:
        """Whether what is sealed is signed."""
        return self._signer is not None

    async def sign(self, blobs: Blobs, manifest_name: str, sha256: str) -> None:
        """Store the signature of a manifest, created once; one that is there already must be good.

        Raises IntegrityError when a signature is there that does not prove the manifest.
        """
        if self._signer is None:
            log.warning("snapshot unsigned", extra={"manifest": manifest_name, "reason": "no signing key is set"})
            return
        name = signature_name(manifest_name)
        try:
            await blobs.read(name)
        except NotFoundError:
            signature = await self._signer.sign(bytes.fromhex(sha256))
            try:
                await blobs.create(name, encode_signature(signature))
            except IntegrityError:
                # A dead attempt's create may arrive late, and other signers do not sign alike twice: the check decides.
                log.warning("signature was there already", extra={"signature": name})
        await self.check(blobs, manifest_name, sha256)

    async def check(self, blobs: Blobs, manifest_name: str, sha256: str) -> bool:
        """Return whether the manifest is proven by a trusted key; False only where no key is there to demand it.

        Raises IntegrityError naming the signature that is missing, altered, by a foreign key or of another manifest.
        """
        if self._verifier is None:
            return False
        name = signature_name(manifest_name)
        try:
            content = await blobs.read(name)
        except NotFoundError:
            raise IntegrityError(name, "the snapshot is unsigned, and a signing key is set") from None
        return await self.prove(content, sha256, name=name)

    async def prove(self, content: bytes, sha256: str, *, name: str) -> bool:
        """Return as `check` does for the document `content` of a signature; raise IntegrityError naming it `name`."""
        signature = decode_signature(content, name=name)
        if self._verifier is None:
            return False
        reason = await self._verifier.refusal(signature, bytes.fromhex(sha256))
        if reason:
            raise IntegrityError(name, reason)
        return True
