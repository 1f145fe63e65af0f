package org.hazel.wallet

import android.os.Build.VERSION_CODES
import java.nio.file.Path
import java.security.Security
import kotlin.io.path.absolutePathString
import org.hazel.bridge.HazelException
import org.hazel.bridge.KeyStatus
import org.hazel.bridge.KeyStoreException
import org.hazel.bridge.Wallet
import org.hazel.bridge.newWords
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** What ships, over a chip that is played. */
class KeystoreTest {
    @TempDir
    lateinit var folder: Path
    private var isSecured = true
    private var asked = 0

    private fun chip(hasStrongBox: Boolean = false) = Chip(hasStrongBox).also { Security.addProvider(it) }

    private fun keystore(chip: Chip, sdk: Int = VERSION_CODES.VANILLA_ICE_CREAM, answer: () -> Unit = { chip.isPresent = true }) =
        Keystore("hazel-wallet", { asked++; answer() }, sdk, { isSecured })

    private fun bare(sdk: Int = VERSION_CODES.VANILLA_ICE_CREAM) = Keystore("hazel-wallet", null, sdk, { isSecured })

    @AfterEach
    fun leave() = Security.removeProvider("AndroidKeyStore")

    @Test
    fun `what is wrapped is unwrapped again, and the person is asked once for each`() {
        val chip = chip()
        val keys = keystore(chip)
        assertEquals(KeyStatus.ABSENT, keys.status())
        val secret = ByteArray(32) { it.toByte() }
        val wrapped = keys.wrap(secret)
        assertEquals(1, asked)
        assertFalse(secret.toList() in wrapped.toList().windowed(32))
        chip.isPresent = false
        assertEquals(KeyStatus.READY, keys.status())
        assertEquals(1, asked, "a status asks nobody")
        assertArrayEquals(secret, keys.unwrap(wrapped))
        assertEquals(2, asked)
    }

    @Test
    fun `a StrongBox is taken where there is one, and done without where there is none`() {
        for ((hasStrongBox, sdk, expected) in listOf(
            Triple(true, VERSION_CODES.VANILLA_ICE_CREAM, true),
            Triple(false, VERSION_CODES.VANILLA_ICE_CREAM, false),
            Triple(true, VERSION_CODES.O, false),
        )) {
            val chip = chip(hasStrongBox)
            bare(sdk).wrap(ByteArray(32))
            assertEquals(expected, chip.held.getValue("hazel-wallet").spec.isStrongBoxBacked, "$hasStrongBox, $sdk")
            leave()
        }
    }

    @Test
    fun `each generation of Android guards the key by the person's presence`() {
        for (sdk in listOf(VERSION_CODES.N, VERSION_CODES.P, VERSION_CODES.R, VERSION_CODES.VANILLA_ICE_CREAM)) {
            val chip = chip()
            keystore(chip, sdk).wrap(ByteArray(32))
            val spec = chip.held.getValue("hazel-wallet").spec
            assertTrue(spec.isUserAuthenticationRequired, "$sdk")
            assertTrue(spec.userAuthenticationValidityDurationSeconds in 1..60, "$sdk")
            leave()
        }
        val chip = chip()
        bare().wrap(ByteArray(32))
        assertFalse(chip.held.getValue("hazel-wallet").spec.isUserAuthenticationRequired)
    }

    @Test
    fun `another finger ends the key for good, and a key that is gone is told the same`() {
        val chip = chip()
        val keys = keystore(chip)
        val wrapped = keys.wrap(ByteArray(32))
        chip.held.getValue("hazel-wallet").isEnded = true
        assertEquals(KeyStatus.INVALIDATED, keys.status())
        assertThrows<KeyStoreException.Invalidated> { keys.unwrap(wrapped) }
        keys.delete()
        assertEquals(KeyStatus.ABSENT, keys.status())
        assertThrows<KeyStoreException.Invalidated> { keys.unwrap(wrapped) }
    }

    @Test
    fun `who says no, who may not say yes any more, and who says yes and is not believed`() {
        val chip = chip()
        val wrapped = keystore(chip).wrap(ByteArray(32))
        chip.isPresent = false
        assertThrows<KeyStoreException.Cancelled> { keystore(chip) { throw KeyStoreException.Cancelled() }.unwrap(wrapped) }
        assertThrows<KeyStoreException.LockedOut> { keystore(chip) { throw KeyStoreException.LockedOut() }.unwrap(wrapped) }
        assertThrows<KeyStoreException.Cancelled> { keystore(chip) { }.unwrap(wrapped) }
        assertThrows<KeyStoreException.Cancelled> { bare().unwrap(wrapped) }
        assertArrayEquals(ByteArray(32), keystore(chip).unwrap(wrapped))
    }

    @Test
    fun `without a screen lock nothing is guarded, and nonsense and a broken chip are told apart`() {
        isSecured = false
        val chip = chip()
        assertEquals(KeyStatus.NOT_ENROLLED, keystore(chip).status())
        assertThrows<KeyStoreException.NotEnrolled> { keystore(chip).wrap(ByteArray(32)) }
        isSecured = true
        val wrapped = keystore(chip).wrap(ByteArray(32))
        val spoilt = wrapped.copyOf().also { it[20] = (it[20].toInt() xor 1).toByte() }
        for (nonsense in listOf(ByteArray(0), ByteArray(13) { 1 }, wrapped.copyOf().also { it[0] = 9 }, spoilt)) {
            assertThrows<KeyStoreException.Damaged> { keystore(chip).unwrap(nonsense) }
        }
        chip.isBroken = true
        assertThrows<KeyStoreException.Failed> { keystore(chip).unwrap(wrapped) }
    }

    @Test
    fun `a wallet behind it opens, stays shut, and opens again`() {
        val chip = chip()
        val file = folder.resolve("wallet.hazel").absolutePathString()
        Wallet.create(file, keystore(chip), "Ana", newWords(), null).shut()
        chip.isPresent = false
        val refused = assertThrows<HazelException.Locked> {
            Wallet.open(file, keystore(chip) { throw KeyStoreException.Cancelled() }, null)
        }
        assertEquals("cancelled", refused.code)
        assertEquals("Ana", Wallet.open(file, keystore(chip), null).run { home().name.also { shut() } })
        chip.held.getValue("hazel-wallet").isEnded = true
        assertEquals("invalidated", assertThrows<HazelException.Locked> { Wallet.open(file, keystore(chip), null) }.code)
    }
}
