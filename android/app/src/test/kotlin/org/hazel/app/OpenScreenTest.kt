package org.hazel.app

import java.nio.file.Files
import java.nio.file.Path
import kotlinx.coroutines.cancelChildren
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.job
import kotlinx.coroutines.runBlocking
import org.hazel.bridge.KeyStore
import org.hazel.bridge.KeyStoreException
import org.hazel.bridge.Wallet
import org.hazel.bridge.newWords
import org.hazel.lab.wipeHalf
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** The key store says no, or never again; another phone's wallet is joined. */
class OpenScreenTest {
    @TempDir
    lateinit var folder: Path

    private class Moody(var mood: Exception?) : KeyStore by PocketKeys {
        override fun unwrap(wrapped: ByteArray) = mood?.let { throw it } ?: PocketKeys.unwrap(wrapped)
    }

    @Test
    fun `cancelled may be tried again, invalidated leads to the words, and the old file is kept`() = runBlocking {
        val words = newWords()
        val file = folder.resolve("ana.hazel").toString()
        val backup = Wallet.create(file, PocketKeys, "Ana", words, null).run { backup(words).also { shut() } }
        val keys = Moody(KeyStoreException.Cancelled())
        val ana = Person(folder, "ana.hazel", keys)
        coroutineScope {
            ana.begin(this)
            ana.sees("error_cancelled")
            keys.mood = KeyStoreException.Invalidated()
            ana.press("open_again")
            ana.sees("error_invalidated")
            ana.press("restore")
            ana.type("words", "one two three")
            ana.press("choose_backup")
            ana.sees("error_words")
            ana.type("words", words)
            ana.phone.picks = backup
            ana.press("choose_backup")
            ana.sees("tallies_none")
            coroutineContext.job.cancelChildren()
        }
        Preview.write(ana.seen.filter { it.first == "OpenScreen" || it.first == "RestoreScreen" })
        val lost = folder.toFile().list().orEmpty().filter { ".lost-" in it }
        assertTrue(lost.isNotEmpty(), "the old file is gone")
    }

    @Test
    fun `a wallet that is destroyed takes its key along, and a wipe that was killed in the middle is finished at the next start`() = runBlocking {
        val file = folder.resolve("ana.hazel")
        var hasKey = true
        val keys = object : KeyStore by PocketKeys {
            override fun delete() { hasKey = false }
        }
        Wallet.create(file.toString(), keys, "Ana", newWords(), null).shut()
        wipeHalf(file.toString())
        val ana = Person(folder, "ana.hazel", keys)
        coroutineScope {
            ana.begin(this)
            ana.sees("first_about")
            assertFalse(Files.exists(file))
            ana.hall.enter(Wallet.create(file.toString(), keys, "Ana", newWords(), null))
            ana.press("settings")
            ana.turn("want_wipe", true)
            ana.press("wipe")
            ana.sees("first_about")
            coroutineContext.job.cancelChildren()
        }
        assertFalse(hasKey)
        assertFalse(Files.exists(file))
    }

    @Test
    fun `a second phone asks, the first answers, and both are devices of one wallet`() = runBlocking {
        val (words, file) = newWords() to folder.resolve("ana.hazel").toString()
        Wallet.create(file, PocketKeys, "Ana", words, null).shut()
        val (ana, second) = Person(folder, "ana.hazel") to Person(folder, "second.hazel")
        coroutineScope {
            ana.begin(this)
            second.begin(this)
            second.press("join")
            second.type("name", "Ana's tablet")
            second.phone.keeps = false
            second.press("join_request")
            second.sees("not_kept")
            second.phone.keeps = true
            second.press("join_request")
            ana.phone.picks = second.phone.kept.getValue("hazel-device.request")
            ana.press("settings")
            ana.press("devices")
            ana.press("add_device")
            ana.sees("device_answered")
            second.phone.picks = ana.phone.kept.getValue("hazel-device.answer")
            second.press("join_answer")
            second.sees("tallies_none")
            assertEquals(listOf(1u, 2u), listOf(ana, second).map { it.hall.wallet.run { home().device } })
            coroutineContext.job.cancelChildren()
        }
        checkAll((ana.seen + second.seen).map { it.second })
        Preview.write(second.seen.filter { it.first == "JoinScreen" })
    }
}
