package org.hazel.wallet

import java.awt.Color
import java.awt.image.BufferedImage
import java.awt.image.DataBufferByte
import java.io.File
import java.nio.ByteBuffer
import java.security.MessageDigest
import javax.imageio.ImageIO
import org.hazel.bridge.HazelException
import org.hazel.bridge.Meaning
import org.hazel.bridge.Scan
import org.hazel.bridge.checkWords
import org.hazel.bridge.formatAmount
import org.hazel.bridge.parseAmount
import org.hazel.lab.Ground
import org.hazel.lab.agreeWith
import org.hazel.lab.checkSignature
import org.hazel.lab.decode
import org.hazel.lab.judge
import org.hazel.lab.readAddress
import org.json.JSONArray
import org.json.JSONObject
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The files that every language reads: the same answers, and the same names of errors, as in Rust. */
class VectorsTest {
    @Test
    fun `what must be read is read and written again as the same bytes`() {
        val all = vectors("accepted")
        val wrong = all.filter { entry ->
            val bytes = hex(entry["bytes"]!!)
            val hash = hex(MessageDigest.getInstance("SHA-256").digest(bytes))
            hash != entry["hash"] || !decode(entry["object"]!!, bytes).contentEquals(bytes)
        }
        assertEquals(emptyList<Any>(), wrong.map { it["name"] })
        assertTrue(all.size > 150, "${all.size} objects")
    }

    @Test
    fun `what must be refused is refused by its name and in its words`() {
        val all = vectors("refused")
        val wrong = all.mapNotNull { entry ->
            val refused = caught { decode(entry["object"]!!, hex(entry["bytes"]!!)) }
            val said = refused?.let { it.code to it.trouble.detail }
            if (said == entry["code"] to entry["text"]) null else "${entry["name"]}: $said, not ${entry["code"]}"
        }
        assertEquals(emptyList<String>(), wrong.take(20))
        assertTrue(all.size > 2_500, "${all.size} objects")
    }

    @Test
    fun `signatures hold, or are refused by the same name`() {
        val all = vectors("curve")
        val wrong = all.mapNotNull { entry ->
            val refused = caught { checkSignature(hex(entry["key"]!!), hex(entry["digest"]!!), hex(entry["signature"]!!)) }
            if (refused?.code == entry["code"]) null else "${entry["name"]}: ${refused?.code}, not ${entry["code"]}"
        }
        assertEquals(emptyList<String>(), wrong)
        assertTrue(all.size > 100, "${all.size} signatures")
    }

    @Test
    fun `nothing is agreed with a key of low order`() {
        val all = vectors("agreement")
        assertEquals(List(all.size) { "weak_key" }, all.map { caught { agreeWith(hex(it["key"]!!)) }?.code })
    }

    @Test
    fun `what people type is read the same`() {
        val wrong = vectors("texts").mapNotNull { entry ->
            val text = entry["text"]!!
            val said = try {
                when (entry["object"]) {
                    "amount" -> formatAmount(parseAmount(text))
                    "words" -> checkWords(text).let { entry["read"] }
                    else -> readAddress(text)
                }
            } catch (refused: HazelException) {
                refused.trouble.detail
            }
            if (said == (entry["read"] ?: entry["error"])) null else "$entry: $said"
        }
        assertEquals(emptyList<String>(), wrong)
    }

    @Test
    fun `the door lets in and turns away the same, by the same names and in the same words`() {
        val grounds = array("grounds").map(::ground)
        val all = array("door")
        val wrong = all.mapNotNull { entry ->
            val expected = entry.optJSONObject("refused")?.let { it.getString("code") to it.getString("text") }
                ?: (entry.getString("admitted") to null)
            val said = try {
                judge(entry.getString("object"), hex(entry.getString("bytes")), grounds[entry.getInt("ground")]) to null
            } catch (refused: HazelException) {
                refused.code to refused.trouble.detail
            }
            if (said == expected) null else "${entry.getString("name")}: $said, not $expected"
        }
        assertEquals(emptyList<String>(), wrong.take(20))
        assertTrue(all.count { it.has("admitted") } > 40 && all.size > 350, "${all.size} objects")
    }

    @Test
    fun `pictures of other software are read`() {
        // What a camera hands over: a plane of brightness. The decoder of pictures is the JVM's here, and the camera's on a phone.
        val folder = File(System.getProperty("hazel.vectors"), "qr")
        val pictures = folder.listFiles().orEmpty().sorted()
        val expected = Scan(null).text("HZ:Y50Z6S96O").meaning
        for (file in pictures) {
            val picture = ImageIO.read(file)
            val grey = BufferedImage(picture.width, picture.height, BufferedImage.TYPE_BYTE_GRAY)
            grey.createGraphics().apply { drawImage(picture, 0, 0, Color.WHITE, null); dispose() }
            val bytes = (grey.raster.dataBuffer as DataBufferByte).data
            val frame = ByteBuffer.allocateDirect(bytes.size).put(bytes).flip() as ByteBuffer
            val seen = Scan(null).frame(frame, picture.width.toUInt(), picture.height.toUInt(), picture.width.toUInt())
            assertEquals(listOf(expected), seen.map { it.meaning }, file.name)
        }
        assertEquals(5, pictures.size)
    }

    @Test
    fun `links of the existing software are known for what they are`() {
        val link = Regex("\"(https?://mychips[^\"]+)\"")
        val all = File(System.getProperty("hazel.vectors"), "mychips").listFiles().orEmpty()
            .flatMap { link.findAll(it.readText()).map { found -> found.groupValues[1].trimEnd('\\') }.toList() }
        assertTrue(all.size >= 2, "$all")
        // One was made by a site that calls itself localhost: it is known, and refused.
        val (local, reachable) = all.partition { "localhost" in it }
        assertEquals(listOf("bad_host"), local.map { (Scan(null).text(it).meaning as? Meaning.Refused)?.trouble?.code }.distinct())
        assertEquals(emptyList<String>(), reachable.filter { Scan(null).text(it).meaning !is Meaning.Mychips })
    }

    private fun caught(call: () -> Unit): HazelException? = try {
        call()
        null
    } catch (refused: HazelException) {
        refused
    }

    private fun array(name: String): List<JSONObject> {
        val all = JSONArray(File(System.getProperty("hazel.vectors"), "$name.json").readText())
        return List(all.length(), all::getJSONObject)
    }

    /** The texts of each vector. */
    private fun vectors(name: String): List<Map<String, String>> = array(name).map { entry ->
        entry.keys().asSequence().filter { entry.get(it) is String }.associateWith(entry::getString)
    }

    private fun ground(it: JSONObject): Ground {
        fun text(name: String) = it.opt(name) as String?
        fun bytes(name: String) = text(name)?.let(::hex)
        fun list(name: String) = it.optJSONArray(name)?.let { list -> List(list.length()) { at -> hex(list.getString(at)) } }.orEmpty()
        // The largest time there is fits no Long: it comes as the nearest fraction, which is above all of them.
        val now = (it.opt("now") as Number?)?.let { number -> if (number is Double) number.toULong() else number.toLong().toULong() }
        return Ground(
            bytes("tally"), bytes("party_key"), bytes("promised"), list("here"), text("my_side"), bytes("device_key"), text("asker"),
            list("stock_nodes"), list("foil_nodes"), bytes("ticket"), bytes("agreement_key"), now, bytes("my_cert"), list("my_offers"),
            bytes("partner"),
        )
    }
}

internal fun hex(text: String): ByteArray = text.chunked(2).map { it.toInt(16).toByte() }.toByteArray()

internal fun hex(bytes: ByteArray): String = bytes.joinToString("") { "%02x".format(it) }
