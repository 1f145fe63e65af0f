package org.hazel.wallet

import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.StrongBoxUnavailableException
import android.security.keystore.UserNotAuthenticatedException
import java.io.InputStream
import java.io.OutputStream
import java.security.AlgorithmParameters
import java.security.Key
import java.security.KeyStoreSpi
import java.security.Provider
import java.security.SecureRandom
import java.security.cert.Certificate
import java.security.spec.AlgorithmParameterSpec
import java.util.Collections
import java.util.Date
import java.util.Enumeration
import javax.crypto.Cipher
import javax.crypto.CipherSpi
import javax.crypto.KeyGeneratorSpi
import javax.crypto.SecretKey
import javax.crypto.spec.SecretKeySpec

/** Plays Android's key store on this machine: so much of it as Keystore.kt asks for, and its ways of saying no. Our own reading of Google's documentation. */
internal class Chip(private val hasStrongBox: Boolean = false) : Provider("AndroidKeyStore", "1", "a chip that is played") {
    val held = mutableMapOf<String, Guarded>()

    /** The person was there a moment ago. */
    var isPresent = false

    /** The chip does not answer. */
    var isBroken = false

    init {
        offer("KeyStore", "AndroidKeyStore") { Store() }
        offer("KeyGenerator", "AES") { Generator() }
        // Like Android's, for keys of its own and no others.
        offer("Cipher", "AES/GCM/NoPadding", mapOf("SupportedKeyClasses" to Guarded::class.java.name)) { Wrapping() }
    }

    private fun offer(type: String, name: String, attributes: Map<String, String> = emptyMap(), make: () -> Any) =
        putService(object : Service(this, type, name, "played", emptyList(), attributes) {
            override fun newInstance(parameter: Any?) = make()
            override fun supportsParameter(parameter: Any?) = parameter is Guarded
        })

    /** A key that never leaves; what happened to the phone since may have ended it. */
    class Guarded(val spec: KeyGenParameterSpec) : SecretKey {
        val secret = SecretKeySpec(ByteArray(32).also(SecureRandom()::nextBytes), "AES")
        var isEnded = false
        override fun getAlgorithm() = "AES"
        override fun getFormat(): String? = null
        override fun getEncoded(): ByteArray? = null
    }

    private inner class Generator : KeyGeneratorSpi() {
        private lateinit var spec: KeyGenParameterSpec
        override fun engineInit(random: SecureRandom?) = error("asks for nothing in particular")
        override fun engineInit(size: Int, random: SecureRandom?) = error("asks for nothing but a size")
        override fun engineInit(spec: AlgorithmParameterSpec, random: SecureRandom?) {
            this.spec = spec as KeyGenParameterSpec
        }

        override fun engineGenerateKey(): SecretKey {
            if (spec.isStrongBoxBacked && !hasStrongBox) throw StrongBoxUnavailableException("none in this phone")
            return Guarded(spec).also { held[spec.keystoreAlias] = it }
        }
    }

    private inner class Wrapping : CipherSpi() {
        private val cipher = Cipher.getInstance("AES/GCM/NoPadding", "SunJCE")

        private fun opened(key: Key): SecretKey {
            key as Guarded
            if (key.isEnded) throw KeyPermanentlyInvalidatedException()
            if (key.spec.isUserAuthenticationRequired && !isPresent) throw UserNotAuthenticatedException()
            return key.secret
        }

        override fun engineInit(mode: Int, key: Key, random: SecureRandom?) = cipher.init(mode, opened(key))
        override fun engineInit(mode: Int, key: Key, spec: AlgorithmParameterSpec?, random: SecureRandom?) = cipher.init(mode, opened(key), spec)
        override fun engineInit(mode: Int, key: Key, given: AlgorithmParameters?, random: SecureRandom?) = cipher.init(mode, opened(key), given)
        override fun engineDoFinal(bytes: ByteArray?, from: Int, count: Int): ByteArray = cipher.doFinal(bytes, from, count)
        override fun engineDoFinal(bytes: ByteArray?, from: Int, count: Int, to: ByteArray?, at: Int) = cipher.doFinal(bytes, from, count, to, at)
        override fun engineUpdate(bytes: ByteArray?, from: Int, count: Int): ByteArray? = cipher.update(bytes, from, count)
        override fun engineUpdate(bytes: ByteArray?, from: Int, count: Int, to: ByteArray?, at: Int) = cipher.update(bytes, from, count, to, at)
        override fun engineGetIV(): ByteArray = cipher.iv
        override fun engineGetBlockSize() = cipher.blockSize
        override fun engineGetOutputSize(count: Int) = cipher.getOutputSize(count)
        override fun engineGetParameters(): AlgorithmParameters? = cipher.parameters
        override fun engineSetMode(mode: String?) = Unit
        override fun engineSetPadding(padding: String?) = Unit
    }

    private inner class Store : KeyStoreSpi() {
        override fun engineLoad(from: InputStream?, password: CharArray?) {
            if (isBroken) throw java.io.IOException("no answer")
        }

        override fun engineGetKey(alias: String, password: CharArray?): Key? = held[alias]
        override fun engineDeleteEntry(alias: String) {
            held.remove(alias)
        }

        override fun engineContainsAlias(alias: String) = alias in held
        override fun engineIsKeyEntry(alias: String) = alias in held
        override fun engineIsCertificateEntry(alias: String) = false
        override fun engineSize() = held.size
        override fun engineAliases(): Enumeration<String> = Collections.enumeration(held.keys)
        override fun engineGetCertificate(alias: String): Certificate? = null
        override fun engineGetCertificateChain(alias: String): Array<Certificate>? = null
        override fun engineGetCertificateAlias(certificate: Certificate?): String? = null
        override fun engineGetCreationDate(alias: String): Date? = null
        override fun engineSetCertificateEntry(alias: String, certificate: Certificate?) = error("nobody asks for it")
        override fun engineSetKeyEntry(alias: String, key: ByteArray?, chain: Array<out Certificate>?) = error("nobody asks for it")
        override fun engineSetKeyEntry(alias: String, key: Key?, password: CharArray?, chain: Array<out Certificate>?) = error("nobody asks for it")
        override fun engineStore(to: OutputStream?, password: CharArray?) = error("nobody asks for it")
    }
}
