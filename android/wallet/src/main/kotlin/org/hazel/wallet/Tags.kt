package org.hazel.wallet

import android.app.Activity
import android.content.Intent
import android.nfc.NdefMessage
import android.nfc.NdefRecord
import android.nfc.NfcAdapter
import android.nfc.cardemulation.HostApduService
import android.os.Build
import android.os.Bundle

/** The link in what the system hands an app: a tapped link, a tag, a shared text. Given to `Scan.text` as it is; nothing is fetched. */
fun linkIn(intent: Intent): String? = when (intent.action) {
    Intent.ACTION_VIEW -> intent.dataString
    NfcAdapter.ACTION_NDEF_DISCOVERED -> linkIn(messages(intent))
    Intent.ACTION_SEND -> intent.getStringExtra(Intent.EXTRA_TEXT)
    else -> null
}

private fun messages(intent: Intent): List<NdefMessage> {
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) {
        return intent.getParcelableArrayExtra(NfcAdapter.EXTRA_NDEF_MESSAGES, NdefMessage::class.java)?.toList().orEmpty()
    }
    @Suppress("DEPRECATION")
    return intent.getParcelableArrayExtra(NfcAdapter.EXTRA_NDEF_MESSAGES)?.filterIsInstance<NdefMessage>().orEmpty()
}

private fun linkIn(messages: List<NdefMessage>): String? =
    messages.flatMap { it.records.toList() }.firstNotNullOfOrNull { it.toUri()?.toString() }

/** Reads tags while a screen is in front; [found] is called on a thread of the system's. */
class TagReader(private val activity: Activity, private val found: (String) -> Unit) {
    private val adapter: NfcAdapter? = NfcAdapter.getDefaultAdapter(activity)

    fun start() {
        val kinds = NfcAdapter.FLAG_READER_NFC_A or NfcAdapter.FLAG_READER_NFC_B or NfcAdapter.FLAG_READER_NFC_F
        adapter?.enableReaderMode(activity, { tag ->
            val read = runCatching {
                android.nfc.tech.Ndef.get(tag)?.use { it.connect(); it.ndefMessage }
            }
            read.getOrNull()?.let { linkIn(listOf(it)) }?.let(found)
        }, kinds, Bundle())
    }

    fun stop() {
        adapter?.disableReaderMode(activity)
    }
}

/** Shows the same link as the code on the screen, as a tag of type 4: set [link] while the code is shown, and none afterwards. */
class TagService : HostApduService() {
    private var talk = Type4Tag(null)

    override fun processCommandApdu(command: ByteArray, extras: Bundle?): ByteArray {
        if (Type4Tag.selectsApplication(command)) {
            talk = Type4Tag(link?.let { NdefMessage(NdefRecord.createUri(it)).toByteArray() })
        }
        return talk.answer(command)
    }

    override fun onDeactivated(reason: Int) {
        talk = Type4Tag(null)
    }

    companion object {
        /** What a phone that is held against this one reads. */
        @Volatile
        var link: String? = null
    }
}
