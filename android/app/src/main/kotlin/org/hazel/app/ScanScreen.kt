package org.hazel.app

import java.nio.ByteBuffer
import org.hazel.bridge.Meaning
import org.hazel.bridge.Scan
import org.hazel.bridge.Scanned

/** Reads codes: from the camera, or from a text that was copied or tapped. Takes in what it can, and asks before anything is signed. */
class ScanScreen(hall: Hall, private val given: String? = null) : Screen(hall) {
    private val scan = Scan(null)
    private var pasted = ""
    private var part: Said? = null
    @Volatile
    private var seen: Scanned? = null

    override suspend fun live() {
        draw()
        given?.let { read(it) }
        // Frames come on a thread of the camera's; what they mean is dealt with here.
        while (true) {
            seen?.let { it -> seen = null; trying { follow(it) }() }
            kotlinx.coroutines.delay(BEAT)
        }
    }

    override fun compose() = Sheet(Text("scan"), listOfNotNull(
        Camera(Text("camera_spoken"), ::frame),
        part?.let { Note(it) },
        Field("text", Text("scan_text"), pasted) { pasted = it.trim(); draw() },
        Button(Text("read_text"), isOn = pasted.isNotEmpty(), does = { read(pasted) }),
    ))

    private fun frame(pixels: ByteBuffer, width: Int, height: Int, stride: Int) {
        if (seen != null) return
        seen = scan.frame(pixels, width.toUInt(), height.toUInt(), stride.toUInt()).firstOrNull()
    }

    private suspend fun read(text: String) = trying { follow(scan.text(text)) }()

    private suspend fun follow(it: Scanned) {
        val code = it.code
        part = null
        when (val meaning = it.meaning) {
            is Meaning.Part -> part = Text("scan_parts", meaning.have.toString(), meaning.of.toString())
            is Meaning.Refused -> refuse(sentence(meaning.trouble))
            is Meaning.Ticket -> if (code != null) hall.instead(TicketScreen(hall, code, meaning))
            is Meaning.Invoice -> {
                hall.wallet.run { take(checkNotNull(code).bytes) }
                hall.instead(InvoiceScreen(hall, meaning.invoice))
            }
            is Meaning.Mychips -> refuse(Text("scan_mychips"))
            is Meaning.Foreign -> refuse(Text("scan_foreign", meaning.text))
            is Meaning.Address, is Meaning.Verification, is Meaning.Offer -> refuse(Text("scan_no_use"))
            is Meaning.Payment, is Meaning.Receipted -> {
                val taken = hall.wallet.run { takePayment(checkNotNull(code).bytes) }
                hall.instead(TakenScreen(hall, taken.tidings, taken))
            }
            is Meaning.Receipt, Meaning.Messages -> hall.instead(TakenScreen(hall, hall.wallet.run { take(checkNotNull(code).bytes) }, null))
        }
    }

    private companion object {
        const val BEAT = 60L
    }
}
