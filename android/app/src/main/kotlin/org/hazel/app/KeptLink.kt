package org.hazel.app

import java.io.File
import java.io.IOException
import java.util.Properties
import org.hazel.bridge.SiteLink

/** The link to a site, in a file beside the wallet: who has it can read what the site has for this wallet, and sign nothing. */
class KeptLink(wallet: String) {
    private val file = File("$wallet.site")

    /** None where none was kept, or nothing that can be read. */
    fun read(): SiteLink? = try {
        val kept = Properties().apply { file.inputStream().use(::load) }
        SiteLink(kept["site"].toString(), kept["host"].toString(), kept["port"].toString().toUShort(), bytes(kept["secret"].toString()))
    } catch (_: IOException) {
        null
    } catch (_: IllegalArgumentException) {
        null
    }

    /** The file appears under its name only when the whole link is in it. */
    fun keep(link: SiteLink) {
        val kept = Properties()
        kept["site"] = link.site
        kept["host"] = link.host
        kept["port"] = link.port.toString()
        kept["secret"] = link.secret.joinToString("") { "%02x".format(it) }
        val begun = File("${file.path}.begun")
        begun.outputStream().use { kept.store(it, null) }
        if (!begun.renameTo(file)) throw IOException("the link cannot be kept")
    }

    /** Whoever reads afterwards sees whether it is gone. */
    fun forget() {
        file.delete()
    }

    private fun bytes(text: String) = text.chunked(2).map { it.toInt(16).toByte() }.toByteArray()
}
