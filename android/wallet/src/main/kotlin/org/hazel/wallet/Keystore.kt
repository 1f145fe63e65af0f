package org.hazel.wallet

import android.annotation.SuppressLint
import android.app.KeyguardManager
import android.content.Context
import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import android.security.keystore.UserNotAuthenticatedException
import java.security.KeyStore as JavaKeyStore
import java.security.UnrecoverableKeyException
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import org.hazel.bridge.KeyStatus
import org.hazel.bridge.KeyStore
import org.hazel.bridge.KeyStoreException

/**
 * Asks the person to show that they are present, and waits for the answer on the calling thread, which is never the main one.
 * Throws [KeyStoreException.Cancelled] or [KeyStoreException.LockedOut] if they do not, or may not any more.
 */
fun interface Presence {
    fun show()
}

/**
 * Guards the wallet's key with one of Android's key store: in a StrongBox where the phone has one, and behind the person's finger, face
 * or screen lock where [presence] is given. The key never leaves the hardware; enrolling another finger destroys it, and the wallet is
 * then restored from its recovery words.
 */
@SuppressLint("NewApi") // `sdk` is this phone's.
class Keystore internal constructor(
    private val alias: String,
    private val presence: Presence?,
    private val sdk: Int,
    /** Whether the phone has a screen lock, which is what could guard a key. */
    private val isSecured: () -> Boolean,
) : KeyStore {
    constructor(context: Context, alias: String = "hazel-wallet", presence: Presence? = null) : this(
        alias, presence, Build.VERSION.SDK_INT,
        { context.getSystemService(KeyguardManager::class.java)?.isDeviceSecure == true },
    )

    override fun wrap(secret: ByteArray): ByteArray = guarded {
        val cipher = unlocked { Cipher.getInstance(AES).apply { init(Cipher.ENCRYPT_MODE, key() ?: generate()) } }
        byteArrayOf(FORM) + cipher.iv + cipher.doFinal(secret)
    }

    override fun unwrap(wrapped: ByteArray): ByteArray = guarded {
        if (wrapped.size <= 1 + NONCE || wrapped[0] != FORM) throw KeyStoreException.Damaged()
        val key = key() ?: throw KeyStoreException.Invalidated()
        val nonce = GCMParameterSpec(TAG_BITS, wrapped, 1, NONCE)
        val cipher = unlocked { Cipher.getInstance(AES).apply { init(Cipher.DECRYPT_MODE, key, nonce) } }
        cipher.doFinal(wrapped, 1 + NONCE, wrapped.size - 1 - NONCE)
    }

    override fun delete() = guarded { store().deleteEntry(alias) }

    override fun status(): KeyStatus = guarded {
        try {
            val key = key()
            when {
                key == null && presence != null && !isSecured() -> KeyStatus.NOT_ENROLLED
                key == null -> KeyStatus.ABSENT
                else -> {
                    Cipher.getInstance(AES).init(Cipher.ENCRYPT_MODE, key)
                    KeyStatus.READY
                }
            }
        } catch (_: KeyPermanentlyInvalidatedException) {
            KeyStatus.INVALIDATED
        } catch (_: UserNotAuthenticatedException) {
            // It is there and wants to see the person, which is what it is for.
            KeyStatus.READY
        }
    }

    private fun store(): JavaKeyStore = JavaKeyStore.getInstance("AndroidKeyStore").apply { load(null) }

    private fun key(): SecretKey? = store().getKey(alias, null) as SecretKey?

    /** Tries; if the key wants to see the person first, asks them, and tries once more. */
    private fun <T> unlocked(attempt: () -> T): T = try {
        attempt()
    } catch (locked: UserNotAuthenticatedException) {
        (presence ?: throw locked).show()
        attempt()
    }

    private fun generate(): SecretKey {
        if (presence != null && !isSecured()) throw KeyStoreException.NotEnrolled()
        if (sdk >= Build.VERSION_CODES.P) {
            try {
                return generate(strongBox = true)
            } catch (_: StrongBoxUnavailableException) {
                // Most phones have none; the trusted environment keeps the key as well.
            }
        }
        return generate(strongBox = false)
    }

    private fun generate(strongBox: Boolean): SecretKey {
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        val wanted = KeyGenParameterSpec.Builder(alias, purposes)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setKeySize(256)
        if (presence != null) wanted.setUserAuthenticationRequired(true)
        if (presence != null && sdk >= Build.VERSION_CODES.R) {
            val either = KeyProperties.AUTH_BIOMETRIC_STRONG or KeyProperties.AUTH_DEVICE_CREDENTIAL
            wanted.setUserAuthenticationParameters(PRESENT_SECONDS, either)
        } else if (presence != null) {
            @Suppress("DEPRECATION")
            wanted.setUserAuthenticationValidityDurationSeconds(PRESENT_SECONDS)
        }
        if (sdk >= Build.VERSION_CODES.P && strongBox) wanted.setIsStrongBoxBacked(true)
        val generator = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, "AndroidKeyStore")
        return generator.apply { init(wanted.build()) }.generateKey()
    }

    /** Says in Hazel's words what Android says in its own. */
    private fun <T> guarded(act: () -> T): T = try {
        act()
    } catch (ours: KeyStoreException) {
        throw ours
    } catch (_: KeyPermanentlyInvalidatedException) {
        throw KeyStoreException.Invalidated()
    } catch (_: UnrecoverableKeyException) {
        throw KeyStoreException.Invalidated()
    } catch (_: UserNotAuthenticatedException) {
        throw KeyStoreException.Cancelled()
    } catch (_: AEADBadTagException) {
        throw KeyStoreException.Damaged()
    } catch (failed: Exception) {
        throw KeyStoreException.Failed(failed.javaClass.simpleName + ": " + failed.message)
    }

    private companion object {
        const val AES = "AES/GCM/NoPadding"
        const val FORM: Byte = 1
        const val NONCE = 12
        const val TAG_BITS = 128
        /** For how long the person counts as present after they have shown it. */
        const val PRESENT_SECONDS = 15
    }
}
